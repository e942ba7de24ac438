//! Containers and images that begin to behave differently.

use super::Refused;
use crate::cluster::Cluster;
use crate::conduct::Declaration;

impl Cluster {
    pub(super) fn set_behaviour(&mut self, declaration: &Declaration) -> Result<Vec<String>, Refused> {
        let changed = self.change_conduct(declaration.clone());
        if changed == 0 {
            let pods = &declaration.pods;
            return Err(Refused(format!("error: no pods are selected by {pods}, so none can behave differently")));
        }
        Ok(vec![format!("{changed} pods behave differently")])
    }

    pub(super) fn image_broken(&mut self, image: &str) -> Vec<String> {
        self.break_image(image);
        vec![format!("image {image} broken")]
    }

    pub(super) fn image_fixed(&mut self, image: &str) -> Result<Vec<String>, Refused> {
        if self.fix_image(image) {
            Ok(vec![format!("image {image} fixed")])
        } else {
            Err(Refused(format!("error: image {image} is not broken")))
        }
    }
}
