//! POST, PUT, PATCH and DELETE.

use serde_json::{Value, json};
use sim_cluster::{
    ApiError, Cluster, DeleteOptions, Deleted, FieldValidation, Kind, Object, ObjectKey, Patch, Preconditions,
    Propagation, Resource, ResourceRef, Subresource, Target, WriteOptions, Written,
};

use crate::answer::{Answer, Failure, json_answer, warn};
use crate::behaviour::Behaviour;
use crate::body;
use crate::custom;
use crate::list_options;
use crate::query::Query;
use crate::read::{self, Selection, in_version};
use crate::review::{GROUPS, USER};
use crate::running::Running;
use crate::served::Served;

/// The types of patches.
const PATCHES: [&str; 4] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

/// A write before it is carried out.
pub(crate) struct Request<'a> {
    pub(crate) running: &'a Running,
    pub(crate) selection: &'a Selection,
    pub(crate) subresource: Option<&'a str>,
    pub(crate) query: &'a Query,
    pub(crate) content_type: &'a str,
    pub(crate) user_agent: &'a str,
    pub(crate) body: &'a [u8],
}

impl Request<'_> {
    fn served(&self) -> &Served {
        &self.selection.served
    }

    fn resource(&self) -> &Resource {
        &self.served().resource
    }

    fn namespace(&self) -> &str {
        self.selection.namespace.as_deref().unwrap_or_default()
    }

    fn target(&self, name: &str) -> Target {
        let mut resource = self.served().reference();
        // What is kept as it was written is found in whatever version of its group that was.
        if let ResourceRef::Other { api_version, kind, .. } = &mut resource
            && let view = self.running.view()
            && view.store.other(api_version, kind, &ObjectKey::new(self.namespace(), name)).is_none()
            && let Some(Object::Other(found)) = read::find(self.resource(), self.namespace(), name, &view)
        {
            api_version.clone_from(&found.api_version);
        }
        Target { resource, namespace: self.namespace().to_owned(), name: name.to_owned() }
    }

    /// The subresource that is written like an object.
    fn written_subresource(&self) -> Result<Option<Subresource>, Failure> {
        match self.subresource {
            None => Ok(None),
            Some("status" | "approval") => Ok(Some(Subresource::Status)),
            Some("scale") => Ok(Some(Subresource::Scale)),
            Some(_) => Err(Failure::method_not_allowed()),
        }
    }

    fn options(&self) -> Result<WriteOptions, Failure> {
        let strict = match self.query.get("fieldValidation") {
            None | Some("Warn") => FieldValidation::Warn,
            Some("Strict") => FieldValidation::Strict,
            Some("Ignore") => FieldValidation::Ignore,
            Some(other) => {
                let message = format!(
                    "fieldValidation: Unsupported value: {other:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                );
                return Err(Failure::bad_request(message));
            }
        };
        // Who does not say its name is named after its program (`managerOrUserAgent`).
        let program = self.user_agent.split('/').next().unwrap_or_default();
        Ok(WriteOptions {
            dry_run: self.query.dry_run()?,
            field_manager: self.query.get("fieldManager").unwrap_or(program).to_owned(),
            force: self.query.is_set("force"),
            strict,
            api_version: Some(self.served().api_version()),
        })
    }

    /// The body as JSON; clients may send protobuf too.
    fn json_body(&self) -> Result<Value, Failure> {
        body::object(self.content_type, self.body, &self.resource().kind)
    }

    /// What was written, in the version that was asked for.
    fn answer(&self, code: u16, written: Written) -> Answer {
        let Written { object, warnings, .. } = written;
        let mut answer = json_answer(code, &object);
        warn(&mut answer, &warnings);
        answer
    }

    /// POST: a new object, or what is done with one.
    pub(crate) fn post(&self) -> Result<Answer, Failure> {
        match (self.subresource, self.selection.name.as_deref()) {
            (None, None) => {
                let (mut body, options, resource) = (self.json_body()?, self.options()?, self.served().reference());
                if self.resource().kind == "CertificateSigningRequest" && body["spec"].is_object() {
                    // Who asks for a certificate is not for it to say.
                    body["spec"]["username"] = USER.into();
                    body["spec"]["groups"] = json!(GROUPS);
                }
                let written = self.running.write(|cluster| {
                    custom::admits_creation(cluster, self.served())?;
                    let written = cluster.create(&resource, self.namespace(), body, &options)?;
                    self.establish(cluster, written.object["metadata"]["name"].as_str(), &options)?;
                    Ok::<_, ApiError>(written)
                })?;
                Ok(self.answer(201, written))
            }
            (Some("binding"), Some(name)) if self.resource().known == Some(Kind::Pod) => self.bind(name),
            (Some("eviction"), Some(name)) if self.resource().known == Some(Kind::Pod) => self.evict(name),
            _ => Err(Failure::method_not_allowed()),
        }
    }

    /// What comes of a definition of a custom kind that was written.
    fn establish(&self, cluster: &mut Cluster, name: Option<&str>, options: &WriteOptions) -> Result<(), ApiError> {
        match name {
            Some(name) if custom::defines(self.resource()) && !options.dry_run => {
                custom::establish(cluster, &self.target(name), options)
            }
            _ => Ok(()),
        }
    }

    /// An outside scheduler's choice.
    fn bind(&self, name: &str) -> Result<Answer, Failure> {
        let body = body::object(self.content_type, self.body, "Binding")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let node = text(&body["target"]["name"]).unwrap_or_default();
        let annotations = body["metadata"]["annotations"].as_object().into_iter().flatten();
        let annotations = annotations.filter_map(|(key, value)| Some((key.clone(), text(value)?))).collect();
        let uid = text(&body["metadata"]["uid"]);
        let dry_run = self.query.dry_run()?;
        self.running
            .write(|cluster| cluster.bind_pod(self.namespace(), name, &node, &annotations, uid.as_deref(), dry_run))?;
        Ok(json_answer(201, &success()))
    }

    fn evict(&self, name: &str) -> Result<Answer, Failure> {
        let body = body::object(self.content_type, self.body, "Eviction")?;
        let grace = body["deleteOptions"]["gracePeriodSeconds"].as_i64();
        let dry_run = self.query.dry_run()? || !body["deleteOptions"]["dryRun"].as_array().is_none_or(Vec::is_empty);
        let key = ObjectKey::new(self.namespace(), name);
        let evicted = self
            .running
            .write(|cluster| if dry_run { cluster.clone().evict(&key, grace) } else { cluster.evict(&key, grace) });
        evicted.map_err(ApiError::from)?;
        Ok(json_answer(201, &success()))
    }

    /// GET of the scale of a workload.
    pub(crate) fn scale(&self, name: &str) -> Result<Answer, Failure> {
        let scale = self.running.look(|cluster| cluster.scale_of(&self.target(name)))?;
        Ok(json_answer(200, &scale))
    }

    /// PUT of what holds a namespace.
    pub(crate) fn finalize(&self, name: &str) -> Result<Answer, Failure> {
        let (body, options, target) = (self.json_body()?, self.options()?, self.target(name));
        let written = self.running.write(|cluster| cluster.finalize_namespace(&target, body, &options))?;
        Ok(self.answer(200, written))
    }

    /// PUT.
    pub(crate) fn put(&self) -> Result<Answer, Failure> {
        let Some(name) = self.selection.name.as_deref() else { return Err(Failure::method_not_allowed()) };
        let subresource = self.written_subresource()?;
        let (body, options, target) = (self.json_body()?, self.options()?, self.target(name));
        let written = self.running.write(|cluster| {
            let written = cluster.replace(&target, subresource, body, &options)?;
            self.establish(cluster, Some(name), &options)?;
            custom::finish(cluster, &options)?;
            Ok::<_, ApiError>(written)
        })?;
        Ok(self.answer(if written.created { 201 } else { 200 }, written))
    }

    /// PATCH.
    pub(crate) fn patch(&self) -> Result<Answer, Failure> {
        let Some(name) = self.selection.name.as_deref() else { return Err(Failure::method_not_allowed()) };
        let subresource = self.written_subresource()?;
        let type_ = self.content_type.split(';').next().unwrap_or_default().trim();
        let patch = match type_ {
            "application/json-patch+json" => Patch::Json(self.patch_body()?),
            "application/merge-patch+json" => Patch::Merge(self.patch_body()?),
            "application/strategic-merge-patch+json" => Patch::Strategic(self.patch_body()?),
            "application/apply-patch+yaml" => Patch::Apply(self.applied_body()?),
            _ => return Err(ApiError::unsupported_media_type(&PATCHES).into()),
        };
        let (mut options, target) = (self.options()?, self.target(name));
        if matches!(patch, Patch::Apply(_)) {
            // Who applies has to say its name.
            options.field_manager = self.query.get("fieldManager").unwrap_or_default().to_owned();
        }
        let written = self.running.write(|cluster| {
            let written = cluster.patch_object(&target, subresource, &patch, &options)?;
            self.establish(cluster, Some(name), &options)?;
            custom::finish(cluster, &options)?;
            Ok::<_, ApiError>(written)
        })?;
        Ok(self.answer(if written.created { 201 } else { 200 }, written))
    }

    fn patch_body(&self) -> Result<Value, Failure> {
        serde_json::from_slice(self.body)
            .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))
    }

    fn applied_body(&self) -> Result<Value, Failure> {
        let text = std::str::from_utf8(self.body).map_err(|error| Failure::bad_request(error.to_string()))?;
        serde_yaml::from_str(text).map_err(|error| Failure::bad_request(format!("error decoding YAML: {error}")))
    }

    /// DELETE of one object, or of all that are selected.
    pub(crate) fn delete(&self) -> Result<Answer, Failure> {
        if self.subresource.is_some() {
            return Err(Failure::method_not_allowed());
        }
        let body = match self.body {
            [] => Value::Null,
            body => body::object(self.content_type, body, "DeleteOptions")?,
        };
        let options = self.delete_options(&body)?;
        let dry_run = self.query.dry_run()? || body["dryRun"].as_array().is_some_and(|list| !list.is_empty());
        let preconditions = Preconditions {
            uid: body["preconditions"]["uid"].as_str().map(str::to_owned),
            resource_version: body["preconditions"]["resourceVersion"].as_str().map(str::to_owned),
        };
        match self.selection.name.as_deref() {
            Some(name) => {
                let (target, writing) = (self.target(name), self.options()?);
                let view = self.running.view();
                let deleted = self.running.write(|cluster| {
                    if custom::defines(self.resource()) && !dry_run {
                        return custom::delete(cluster, &target, &preconditions, &view.served, &writing);
                    }
                    let deleted = cluster.delete_target(&target, options, &preconditions, dry_run)?;
                    custom::finish(cluster, &writing)?;
                    Ok::<_, ApiError>(deleted)
                })?;
                Ok(match deleted {
                    Deleted::Gone(status) if status["kind"] == "Status" => json_answer(200, &status),
                    Deleted::Gone(mut object) | Deleted::Marked(mut object) => {
                        in_version(self.served(), &mut object);
                        json_answer(200, &object)
                    }
                })
            }
            None => {
                let view = self.running.view();
                list_options::check(self.query, &Behaviour::of(view.version), false)?;
                let objects = self.selection.objects(&view);
                let items: Vec<Value> = objects.iter().map(|object| read::shown(self.served(), object)).collect();
                let writing = self.options()?;
                self.running
                    .write(|cluster| self.delete_all(cluster, &objects, options, dry_run, (&view.served, &writing)))?;
                let kind = format!("{}List", self.resource().kind);
                let metadata = json!({"resourceVersion": view.resource_version.to_string()});
                Ok(json_answer(
                    200,
                    &json!({"kind": kind, "apiVersion": self.served().api_version(), "metadata": metadata, "items": items}),
                ))
            }
        }
    }

    fn delete_all(
        &self,
        cluster: &mut Cluster,
        objects: &[Object],
        options: DeleteOptions,
        dry_run: bool,
        (served, writing): (&[Served], &WriteOptions),
    ) -> Result<(), Failure> {
        for object in objects {
            let target = Target {
                resource: self.served().reference(),
                namespace: object.namespace().unwrap_or_default().to_owned(),
                name: object.name().to_owned(),
            };
            if custom::defines(self.resource()) && !dry_run {
                custom::delete(cluster, &target, &Preconditions::default(), served, writing)?;
            } else {
                cluster.delete_target(&target, options, &Preconditions::default(), dry_run)?;
            }
        }
        custom::finish(cluster, writing)?;
        Ok(())
    }

    /// What the query says counts where the body says nothing.
    fn delete_options(&self, body: &Value) -> Result<DeleteOptions, Failure> {
        let grace = match body["gracePeriodSeconds"].as_i64() {
            Some(seconds) => Some(seconds),
            None => self.query.number("gracePeriodSeconds")?.and_then(|seconds| i64::try_from(seconds).ok()),
        };
        let propagation = match body["propagationPolicy"].as_str().or(self.query.get("propagationPolicy")) {
            None => match body["orphanDependents"].as_bool() {
                Some(true) => Some(Propagation::Orphan),
                Some(false) => Some(Propagation::Background),
                None => None,
            },
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                let why = format!(
                    "propagationPolicy: Unsupported value: {other:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
                );
                let message = format!("DeleteOptions.meta.k8s.io \"\" is invalid: {why}");
                return Err(Failure::new(422, "Invalid", message));
            }
        };
        Ok(DeleteOptions { grace_period_seconds: grace, propagation })
    }
}

/// `metav1.Status` of what went well.
fn success() -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})
}
