//! Writes `template.yaml` from the functions' passports and from one frame that is written by hand.
//!
//! A passport, `functions/<package>/<function>.yaml`, is all that AWS has to know of a function: what triggers it, what
//! it may touch, how large it is. The frame, `functions/frame.yaml`, has what they share: parameters, tables, secrets,
//! topic, API. A function's environment follows from what it may touch, so that the two never differ. The table of
//! services in ARCHITECTURE.md lists the functions, too. Must not know what a function does.

mod frame;
mod passport;
mod resources;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use askama::Template as _;

pub use passport::{Access, Grant, Passport, Queue, Schedule, Stream};

use frame::Frame;
use resources::{Function, Resources, Shared};

/// Stands in the frame where the functions' resources go.
const FUNCTIONS: &str = "  # <functions>\n";
/// Stands in the frame where the outputs of the queues go.
const QUEUES: &str = "  # <queues>\n";
/// What a template begins with.
const BEGINNING: &str = "AWSTemplateFormatVersion";
/// Tells readers of `template.yaml` where to change it.
const NOTE: &str =
    "# Written by `cargo cis template`: change functions/frame.yaml or a function's passport, not this file.\n";

/// Why there is no template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A passport or the frame is not what it has to be.
    #[error("cannot make sense of {}", .0.display())]
    Parse(PathBuf, #[source] serde_yaml_ng::Error),
    /// The frame lacks one of the comments that say where something goes.
    #[error("functions/frame.yaml has no line `{}`", .0.trim())]
    NoPlace(&'static str),
    /// A passport names a table, secret, topic or parameter that the frame does not have.
    #[error("{function}: the frame has no {name}")]
    Unknown {
        /// The function whose passport it is.
        function: String,
        /// What it names.
        name: String,
    },
    /// A passport grants a table without saying which partition keys, or says so of something else.
    #[error("{0}: {1} needs its actions by partition key, as in `ord_*: GetItem`, if it is a table, and only then")]
    Keys(String, String),
    /// A package of functions has no row in the table of services.
    #[error("ARCHITECTURE.md has no row for the service {0}")]
    NoRow(String),
    /// A function has no trigger, or more than one kind of them.
    #[error("{0} has {1} of routes, queue, stream, schedule and authorizer, where one is needed")]
    Trigger(String, usize),
    /// A piece of the template could not be filled in.
    #[error("cannot write the resources of {0}")]
    Write(String, #[source] askama::Error),
}

/// The text of `template.yaml` for the repository at `root`.
///
/// # Errors
///
/// [`TemplateError`].
pub fn text(root: &Path) -> Result<String, TemplateError> {
    let path = root.join("functions/frame.yaml");
    let frame = fs::read_to_string(&path).map_err(|error| TemplateError::Read(path.clone(), error))?;
    let names = Frame::parse(&frame).map_err(|error| TemplateError::Parse(path, error))?;
    let passports = passports(root)?;
    let functions = passports.iter().map(|(name, located)| Function::new(name, located, &names));
    let functions = functions.collect::<Result<Vec<_>, _>>()?;
    let shared =
        Shared::of(&functions).render().map_err(|error| TemplateError::Write("all functions".into(), error))?;
    let each = functions.iter().map(|function| {
        let text = Resources::of(function).render();
        text.map_err(|error| TemplateError::Write(function.name.to_owned(), error))
    });
    let resources = each.collect::<Result<Vec<_>, _>>()?.join("\n");
    let outputs: String = functions.iter().map(Function::outputs).collect();
    // The frame's own note speaks of the frame.
    let body = frame.find(BEGINNING).ok_or(TemplateError::NoPlace(BEGINNING))?;
    let with_functions = put(&frame[body..], FUNCTIONS, &[shared, resources].concat())?;
    Ok([NOTE, &put(&with_functions, QUEUES, &outputs)?].concat())
}

/// ARCHITECTURE.md with the functions of each service in its table: what a service is for is written by hand.
///
/// # Errors
///
/// A passport cannot be read, or a service has no row.
pub fn services(root: &Path, document: &str) -> Result<String, TemplateError> {
    let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, Located { package, .. }) in passports(root)? {
        services.entry(package).or_default().push(name);
    }
    let mut lines: Vec<String> = document.lines().map(str::to_owned).collect();
    for (service, functions) in services {
        let start = format!("| `{service}` | ");
        let row =
            lines.iter_mut().find_map(|line| Some((line.strip_prefix(&start)?.split_once(" | ")?.1.to_owned(), line)));
        let (rest, line) = row.ok_or_else(|| TemplateError::NoRow(service.clone()))?;
        *line = format!("{start}{} | {rest}", functions.join(", "));
    }
    Ok(lines.join("\n") + "\n")
}

/// A passport and the package that its function belongs to.
#[derive(Debug)]
pub struct Located {
    /// The package's folder under `functions/`.
    pub package: String,
    /// What the passport says.
    pub passport: Passport,
}

/// Every function's passport, by the function's name.
///
/// # Errors
///
/// A passport cannot be read.
pub fn passports(root: &Path) -> Result<BTreeMap<String, Located>, TemplateError> {
    let mut found = BTreeMap::new();
    for package in entries(&root.join("functions"))?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&package)?.into_iter().filter(|path| path.extension().is_some_and(|it| it == "yaml")) {
            let text = fs::read_to_string(&path).map_err(|error| TemplateError::Read(path.clone(), error))?;
            let passport = serde_yaml_ng::from_str(&text).map_err(|error| TemplateError::Parse(path.clone(), error))?;
            let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            found.insert(name(&path), Located { package: name(&package), passport });
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, TemplateError> {
    let list = || fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    list().map_err(|error| TemplateError::Read(folder.to_path_buf(), error))
}

fn put(text: &str, place: &'static str, what: &str) -> Result<String, TemplateError> {
    let (before, after) = text.split_once(place).ok_or(TemplateError::NoPlace(place))?;
    Ok([before, what, after].concat())
}
