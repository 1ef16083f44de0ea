//! Writes what the fuzz targets start from: the small files of `testdata/`, and every line of its
//! JSON Lines.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Larger files teach the fuzzer little and slow it down.
const SMALL: usize = 4096;

fn main() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let testdata = fuzz.join("../testdata");
    let mut files = Vec::new();
    files_below(&testdata, &mut files);
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        let name = file.strip_prefix(&testdata).unwrap_or(&file);
        let name = name.display().to_string().replace(['/', '\\'], "-");
        let seed = |target: &str, number: usize, text: &str| {
            let folder = fuzz.join("corpus").join(target);
            fs::create_dir_all(&folder).expect("a folder for the corpus");
            if text.len() <= SMALL {
                let file = folder.join(format!("{number}-{name}"));
                fs::write(file, text).expect("a file in the corpus");
            }
        };
        if let Some(target) = target_of(&file, &testdata) {
            seed(&target, 0, &text);
            continue;
        }
        let is_json = text.trim_start().starts_with('{');
        for (number, line) in text.lines().take(40).enumerate().filter(|_| is_json) {
            seed("json", number, line);
            seed("review", number, line);
        }
        if !is_json {
            seed("yaml", 0, &text);
            seed("review", 0, &text);
            let cases = fs::read_to_string(file.with_extension("json")).unwrap_or_default();
            let requests = requests(&serde_json::from_str(&cases).unwrap_or_default());
            seed("verdict", 0, &format!("{text}\n===\n{requests}"));
            for (number, part) in text.split("\n---\n").enumerate() {
                seed("yaml", number + 1, part);
                seed("verdict", number + 1, &format!("{part}\n===\n{requests}"));
            }
        }
    }
}

/// The target whose regression a file is.
fn target_of(file: &Path, testdata: &Path) -> Option<String> {
    let below = file.strip_prefix(testdata.join("fuzz-regressions")).ok()?;
    let folder = below.parent()?.to_str()?;
    (!folder.is_empty()).then(|| folder.to_owned())
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files_below(&path, files),
            path => files.push(path),
        }
    }
}

/// The requests of a file of `testdata/regressions/`, a line for each.
fn requests(cases: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = String::new();
    for case in cases["requests"].as_array().into_iter().flatten().take(4) {
        let spec = &case["spec"];
        let groups: Vec<String> = match &spec["groups"] {
            Value::Array(groups) => groups.iter().map(text).collect(),
            _ => Vec::new(),
        };
        let resource = &spec["resourceAttributes"];
        let url = &spec["nonResourceAttributes"];
        let words = match url {
            Value::Null => ["verb", "namespace", "group", "resource", "subresource", "name"]
                .map(|key| text(&resource[key]))
                .join("|"),
            url => format!("{}|{}", text(&url["verb"]), text(&url["path"])),
        };
        lines += &format!("{}|{}|{words}\n", text(&spec["user"]), groups.join(" "));
    }
    lines
}
