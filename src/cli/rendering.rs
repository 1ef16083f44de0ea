//! Folders that kustomize or Helm renders, rendered and put among the texts that were read.

use std::collections::BTreeSet;

use super::exit::Failure;
use crate::files::{ReadLimits, Reading};
use crate::text::{Files, Origins};
use crate::tools::{HelmOptions, Plan, ToolUse};

/// What was read, with what was rendered among its texts.
#[derive(Debug, Default)]
pub(super) struct RenderedReading {
    pub(super) reading: Reading,
    /// Where the objects of texts come from, by the numbers of the texts.
    origins: Vec<(usize, Origins)>,
    /// What rendered them.
    pub(super) tools: Vec<ToolUse>,
}

impl RenderedReading {
    /// Says of each rendered text what it was made from, once the texts are numbered.
    pub(super) fn set_origins(&mut self, files: &mut Files) {
        for (number, origins) in std::mem::take(&mut self.origins) {
            if let Some(file) = files.nth(number) {
                files.set_origins(file, origins);
            }
        }
    }
}

/// Renders the folders that were asked for. What one of them draws on isn't read by itself, too.
pub(super) fn render(mut reading: Reading, limits: ReadLimits) -> Result<RenderedReading, Failure> {
    let mut plans = Vec::with_capacity(reading.folders.len());
    for folder in std::mem::take(&mut reading.folders) {
        let plan = Plan::new(folder, HelmOptions::default());
        plans.push(plan.map_err(|error| Failure::message(error.to_string()))?);
    }
    let folders: BTreeSet<String> = plans.iter().flat_map(Plan::folders).collect();
    let files: BTreeSet<String> = plans.iter().flat_map(Plan::files).collect();
    plans.retain(|plan| !folders.contains(&plan.name()));
    reading.texts.retain(|text| !files.contains(&text.name));
    let mut rendered = RenderedReading {
        reading,
        ..RenderedReading::default()
    };
    for plan in plans {
        let changed = plan.changed_by_checkout().iter().cloned();
        rendered.reading.unreadable.extend(changed);
        match plan.render(limits) {
            Ok(text) => {
                let number = rendered.reading.texts.len();
                rendered.origins.push((number, text.origins));
                rendered.reading.texts.push(text.text);
                rendered.tools.push(text.tool);
            }
            Err(unread) => rendered.reading.unreadable.extend(unread),
        }
    }
    Ok(rendered)
}
