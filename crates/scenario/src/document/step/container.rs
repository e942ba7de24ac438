//! Steps that speak of containers and their images.

use sim_cluster::Change;

use super::Step;
use crate::document::behaviour::Behaviour;
use crate::document::read::Reader;
use crate::locate::Step as PathStep;

impl Step for Behaviour {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let mut inner = path.to_vec();
        inner.push(PathStep::Key("behaviour".to_owned()));
        self.resolve(reader, &inner).map(Change::Behaviour)
    }
}
