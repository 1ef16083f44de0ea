//! Putting a `status` into the text of a review, and leaving the rest of it as it is.

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The members of a JSON object, as slices of its text.
#[derive(serde::Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(default)]
    spec: Option<IgnoredAny>,
}

/// A JSON object's text with its `status` replaced or added, on lines of its own where the object
/// stands on several.
pub(super) fn json(text: &str, status: &impl Serialize) -> Result<String, String> {
    let text = text.trim();
    let members: Members<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    debug_assert!(members.spec.is_some());
    let indent = text.contains('\n').then(|| {
        let first = text.find('"').unwrap_or(0);
        text[..first].rsplit('\n').next().unwrap_or("").to_owned()
    });
    let written = match &indent {
        None => serde_json::to_string(status),
        Some(_) => serde_json::to_string_pretty(status),
    }
    .map_err(|error| error.to_string())?;
    let written = match &indent {
        None => written,
        Some(indent) => {
            let lines: Vec<String> = written
                .lines()
                .map(|line| {
                    let inner = line.trim_start();
                    let depth = (line.len() - inner.len()) / 2;
                    format!("{}{inner}", indent.repeat(depth + 1))
                })
                .collect();
            lines.join("\n").trim_start().to_owned()
        }
    };
    if let Some(old) = members.status {
        let begin = old.get().as_ptr() as usize - text.as_ptr() as usize;
        let end = begin + old.get().len();
        return Ok(format!("{}{written}{}", &text[..begin], &text[end..]));
    }
    let Some(body) = text.strip_suffix('}') else {
        return Err("it is no JSON object".to_owned());
    };
    let body = body.trim_end();
    Ok(match indent {
        None => format!("{body},\"status\":{written}}}"),
        Some(indent) => format!("{body},\n{indent}\"status\": {written}\n}}"),
    })
}

/// A YAML document's text with its `status` block replaced or added at its end.
pub(super) fn yaml(text: &str, status: &impl Serialize) -> Result<String, String> {
    let mut kept = String::with_capacity(text.len() + 64);
    let mut in_status = false;
    for line in text.split_inclusive('\n') {
        if line.starts_with("status:") {
            in_status = true;
        } else if in_status && !line.trim().is_empty() && !line.starts_with([' ', '\t', '#']) {
            in_status = false;
        }
        if !in_status {
            kept.push_str(line);
        }
    }
    if !kept.ends_with('\n') {
        kept.push('\n');
    }
    let written = serde_yaml::to_string(status).map_err(|error| error.to_string())?;
    kept.push_str("status:\n");
    for line in written.lines() {
        kept.push_str("  ");
        kept.push_str(line);
        kept.push('\n');
    }
    Ok(kept)
}
