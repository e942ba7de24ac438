//! From the paths a person names to the texts in them.

use std::io::Read;
use std::path::{Path, PathBuf};

use sim_cluster::closest;

use crate::fault::{Fault, Location};

/// One text of the input.
#[derive(Debug)]
pub(crate) struct Source {
    /// As it is named in messages; `<stdin>` for `-`.
    pub(crate) name: String,
    /// The folder that relative paths inside the text start from.
    pub(crate) folder: PathBuf,
    pub(crate) text: String,
}

/// Files larger than this are refused: reading takes several times the size in memory.
const MAX_BYTES: u64 = 1 << 30;
/// What a directory is searched for, as kubectl does.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// The texts of all paths, and a fault for each that cannot be read.
pub(crate) fn read(paths: &[impl AsRef<Path>], stdin: &mut dyn Read) -> (Vec<Source>, Vec<Fault>) {
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    for path in paths {
        let path = path.as_ref();
        let result = if path.as_os_str() == "-" {
            read_stdin(stdin).map(|source| vec![source])
        } else if path.is_dir() {
            read_folder(path)
        } else {
            read_file(path).map(|source| vec![source])
        };
        match result {
            Ok(read) => sources.extend(read),
            Err(fault) => faults.push(*fault),
        }
    }
    (sources, faults)
}

fn read_stdin(stdin: &mut dyn Read) -> Result<Source, Box<Fault>> {
    let name = "<stdin>".to_owned();
    let mut bytes = Vec::new();
    let mut limited = stdin.take(MAX_BYTES + 1);
    limited.read_to_end(&mut bytes).map_err(|error| Fault::of_file(&name, format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large(&name).into());
    }
    Ok(Source { text: utf8(&name, unzipped(&name, bytes)?)?, folder: PathBuf::from("."), name })
}

fn read_folder(folder: &Path) -> Result<Vec<Source>, Box<Fault>> {
    let name = folder.display().to_string();
    let (mut files, folders) = entries(folder)?;
    if let Some(root) = dump_root(folder, &files, &folders) {
        files = Vec::new();
        collect(&root, &mut files)?;
    }
    if files.is_empty() {
        let fault = Fault::of_file(
            &name,
            "the directory has no manifests: expected files ending in .yaml, .yml or .json, with .gz after it if gzipped",
        );
        let hint = "directories inside it are not searched, as kubectl does not, unless it is what `kubectl cluster-info \
                    dump --output-directory` or `oc adm must-gather` wrote";
        return Err(fault.hint(hint).into());
    }
    files.iter().map(|file| read_file(file)).collect()
}

/// The manifests in a folder, and the folders in it.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Box<Fault>> {
    let name = folder.display().to_string();
    let entries =
        std::fs::read_dir(folder).map_err(|error| Fault::of_file(&name, format!("cannot be read: {error}")))?;
    let is_manifest = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.strip_suffix(".gz").unwrap_or(name);
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
        path.is_file() && extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let folders = paths.iter().filter(|path| path.is_dir()).cloned().collect();
    Ok((paths.into_iter().filter(is_manifest).collect(), folders))
}

/// The folder to be searched to its bottom, when tools that dump a whole cluster wrote it: `kubectl cluster-info dump`
/// has the nodes and a folder for each namespace, `oc adm must-gather` (below a folder named after its image, too) what
/// has no namespace beside what has.
fn dump_root(folder: &Path, files: &[PathBuf], folders: &[PathBuf]) -> Option<PathBuf> {
    let is_named = |path: &PathBuf, names: &[&str]| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(&name))
    };
    let has_pods = |folder: &PathBuf| folder.join("pods.json").is_file() || folder.join("pods.yaml").is_file();
    if files.iter().any(|file| is_named(file, &["nodes.json", "nodes.yaml"])) && folders.iter().any(has_pods) {
        return Some(folder.to_owned());
    }
    let gathered = ["cluster-scoped-resources", "namespaces"];
    let is_gathered = |folder: &Path| gathered.iter().all(|name| folder.join(name).is_dir());
    if is_gathered(folder) {
        return Some(folder.to_owned());
    }
    folders.iter().find(|folder| files.is_empty() && is_gathered(folder)).cloned()
}

/// The manifests in a folder and in all folders below it.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<Fault>> {
    let (own, folders) = entries(folder)?;
    files.extend(own);
    // A link may lead back up.
    folders.iter().filter(|folder| !folder.is_symlink()).try_for_each(|folder| collect(folder, files))
}

fn read_file(path: &Path) -> Result<Source, Box<Fault>> {
    let name = path.display().to_string();
    let cannot = |error: std::io::Error| {
        let fault = Fault::of_file(&name, format!("cannot be read: {error}"));
        match similar(path).filter(|_| error.kind() == std::io::ErrorKind::NotFound) {
            Some(similar) => fault.hint(format!("did you mean {}?", similar.display())),
            None => fault,
        }
    };
    let size = std::fs::metadata(path).map_err(cannot)?.len();
    if size > MAX_BYTES {
        return Err(too_large(&name).into());
    }
    let bytes = std::fs::read(path).map_err(cannot)?;
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    Ok(Source { text: utf8(&name, unzipped(&name, bytes)?)?, folder, name })
}

/// What a gzipped file holds, told by its first bytes; any other file as it is.
fn unzipped(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Box<Fault>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    let mut limited = flate2::read::MultiGzDecoder::new(bytes.as_slice()).take(MAX_BYTES + 1);
    limited.read_to_end(&mut text).map_err(|error| Fault::of_file(name, format!("cannot be unzipped: {error}")))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(too_large(name).into());
    }
    Ok(text)
}

fn too_large(name: &str) -> Fault {
    Fault::of_file(name, "is larger than 1 GiB").hint("dump fewer kinds or namespaces, or without managedFields")
}

/// The text, without a byte order mark.
fn utf8(name: &str, bytes: Vec<u8>) -> Result<String, Box<Fault>> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let location = Location { source: name.to_owned(), line, column: 0 };
        Fault::error(Some(location), format!("is not UTF-8: the byte at offset {} begins no character", valid.len()))
            .hint("convert it first, for instance with iconv")
    })?;
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    Ok(if text.contains(LOGS_START) { without_logs(&text) } else { text })
}

/// How `kubectl cluster-info dump` begins a container's logs among the objects.
const LOGS_START: &str = "==== START logs for container ";
/// How it ends them.
const LOGS_END: &str = "==== END logs for container ";

/// The text with empty lines where logs were, so that all else is where it was.
fn without_logs(text: &str) -> String {
    let mut inside = false;
    let lines = text.split_inclusive('\n').map(|line| {
        inside |= line.starts_with(LOGS_START);
        let shown = if inside { "\n" } else { line };
        inside &= !line.starts_with(LOGS_END);
        shown
    });
    lines.collect()
}

/// A file in the same folder whose name is nearly the same.
fn similar(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names: Vec<String> =
        std::fs::read_dir(folder).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let wanted = path.file_name()?.to_str()?;
    closest(wanted, names.iter().map(String::as_str)).map(|name| path.with_file_name(name))
}
