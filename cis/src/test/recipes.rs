//! The recipes of CONTRIBUTING.md, each carried out on a copy of the repository: the patches in `tests/recipes` have what
//! is written by hand, and no more. Without one of its files a recipe is not done, and a check names what is missing.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::checks::{CheckError, Count, run_in};
use crate::paths;

/// A recipe, carried out once.
struct Recipe {
    /// Its patch under `tests/recipes`.
    name: &'static str,
    /// How many files are written by hand at most.
    files: usize,
    /// The file that is forgotten at first.
    forgotten: &'static str,
    /// What cargo is asked then, and what it says.
    check: (&'static str, &'static str),
}

const RECIPES: [Recipe; 3] = [
    Recipe {
        name: "endpoint",
        files: 6,
        forgotten: "events/get-order-status/own.json",
        check: ("test -p tests samples", "no sample in events/ for [\"get-order-status\"]"),
    },
    Recipe {
        name: "mail-kind",
        files: 4,
        forgotten: "functions/email/send-email.yaml",
        check: ("test -p tests template", "order.fulfilled"),
    },
    Recipe {
        name: "order-status",
        files: 12,
        forgotten: "shared/domain/src/order/person.rs",
        check: ("check -p domain", "OrderStatus::Overdue` not covered"),
    },
];

/// Writes what is generated, snapshots before the API's document has them as examples, then asks everything that has to
/// know of a new function, mail or status. A patch that is applied does not fit any more.
const CARRIED_OUT: [&str; 5] = [
    "run --quiet --package cis -- template",
    "test --quiet -p tests samples",
    "run --quiet --package cis -- openapi",
    "check --workspace --all-targets",
    "test -p domain -p mail -p template -p contract -p tests -p cis --tests -- --skip recipes::",
];

/// Carries out each recipe, first without one of its files.
///
/// # Errors
///
/// A patch does not fit any more or has too many files; nobody names what is missing; or the recipe is not enough.
pub async fn check() -> Result<Count, CheckError> {
    let copy = Copy::make().await?;
    let carried_out = copy.carry_out_all().await;
    copy.remove()?;
    carried_out
}

/// A copy of the repository with what was built for it, so that only what a recipe changes is built again.
struct Copy(PathBuf);

impl Copy {
    async fn make() -> Result<Self, CheckError> {
        let copy = Self(paths::state().join("recipes"));
        copy.remove()?;
        let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let output = Command::new("git").args(arguments).current_dir(paths::root()).output().await;
        let output = output.map_err(|error| CheckError::Start("git ls-files".to_owned(), error))?;
        for path in String::from_utf8_lossy(&output.stdout).split('\0').filter(|path| !path.is_empty()) {
            copy_file(&paths::root().join(path), &copy.0.join(path)).map_err(|error| cannot_copy(path, error))?;
        }
        let built = copy.0.join("target/debug");
        fs::create_dir_all(&built).map_err(|error| cannot_copy("target", error))?;
        for folder in [".fingerprint", "build", "deps"] {
            let from = paths::root().join("target/debug").join(folder);
            run_in(&copy.0, Command::new("cp").arg("-pR").args([&from, &built])).await?;
        }
        copy.git(&["init", "--quiet"]).await?;
        copy.git(&["add", "--all"]).await?;
        copy.git(&["-c", "user.name=cis", "-c", "user.email=cis@localhost", "commit", "--quiet", "-m", "Before"])
            .await?;
        Ok(copy)
    }

    async fn carry_out_all(&self) -> Result<Count, CheckError> {
        let mut total = Count::default();
        for recipe in &RECIPES {
            total += self.carry_out(recipe).await?;
        }
        Ok(total)
    }

    async fn carry_out(&self, recipe: &Recipe) -> Result<Count, CheckError> {
        let Recipe { name, files, forgotten, check: (arguments, says) } = recipe;
        let patch = paths::root().join(format!("tests/recipes/{name}.patch"));
        let text = fs::read_to_string(&patch).map_err(|error| CheckError::Start(patch.display().to_string(), error))?;
        let written = text.matches("diff --git ").count();
        println!("    {name}: {written} files are written by hand, of {files} at most");
        if written > *files {
            return Err(CheckError::Missing(format!("the recipe {name} takes {written} files")));
        }
        let patch = patch.to_string_lossy();
        self.git(&["apply", &format!("--exclude={forgotten}"), &patch]).await?;
        let (is_good, output) = self.ask(arguments).await?;
        if is_good || !output.contains(says) {
            let text = format!("{name} without {forgotten}: `cargo {arguments}` does not say {says:?}");
            return Err(CheckError::Missing(format!("{output}\n{text}")));
        }
        println!("    without {forgotten} cargo says {says:?}");
        self.git(&["apply", &format!("--include={forgotten}"), &patch]).await?;
        let mut total = Count::default();
        for arguments in CARRIED_OUT {
            let mut command = Command::new("cargo");
            total += run_in(&self.0, command.args(arguments.split(' ')).env("INSTA_UPDATE", "always")).await?;
        }
        self.git(&["reset", "--quiet", "--hard"]).await?;
        self.git(&["clean", "--quiet", "--force", "-d"]).await?;
        Ok(total)
    }

    /// Whether cargo is content, and all that it says.
    async fn ask(&self, arguments: &str) -> Result<(bool, String), CheckError> {
        let output = Command::new("cargo").args(arguments.split(' ')).current_dir(&self.0).output().await;
        let output = output.map_err(|error| CheckError::Start("cargo".to_owned(), error))?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
    }

    async fn git(&self, arguments: &[&str]) -> Result<(), CheckError> {
        run_in(&self.0, Command::new("git").args(arguments)).await.map(|_| ())
    }

    fn remove(&self) -> Result<(), CheckError> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_copy("what was there", error)),
            _ => Ok(()),
        }
    }
}

/// With its time, by which cargo tells what has changed since it was built.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_modified(from.metadata()?.modified()?)
}

fn cannot_copy(what: &str, error: io::Error) -> CheckError {
    CheckError::Start(format!("a copy of {what}"), error)
}
