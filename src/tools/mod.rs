//! Rendering with the user's own tools: `kubectl kustomize`, `kustomize build`, `helm template`.
//!
//! A stranger may have written what is rendered. So all that a folder draws on is gathered first, out of
//! the tree of its side alone; whatever would be fetched or run is refused before a tool is started; and
//! the tool sees a temporary folder with the gathered files, an empty home, no input and no settings, for
//! a bounded time. The arguments are fixed: nothing is let that kustomize and Helm don't let by themselves.
//!
//! ```text
//! FolderToRender ─► Plan (sources, refusals) ─► Checkout ─► run ─► text + Origins (places)
//! ```

mod chart;
mod checkout;
mod kustomization;
mod places;
mod plan;
mod plugins;
mod printed;
mod refusal;
mod remote;
mod run;
mod sources;
mod strays;
mod unknowns;
mod version;

pub use plan::{HelmOptions, LeftOut, Plan, RenderedText};
pub use refusal::{NamedAt, Refusal};
pub use strays::Stray;
pub use version::{ToolUse, ToolVersion};

use plan::RendererKind;
