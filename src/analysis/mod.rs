//! Questions, each in a file of its own. None knows another, but for the edges that
//! `DESIGN.md` lists.

pub mod assertions;
pub mod diff;
pub mod explain;
pub mod kubectl;
pub mod lint;
pub mod lookup;
pub mod matrix;
pub mod nobody;
pub mod owner;
pub mod paths;
pub mod risk;
pub mod rules_review;
pub mod suggest;
pub mod unjudged;
pub mod upgrade;
pub mod who_can;
