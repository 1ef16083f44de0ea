//! Texts and what is written in them, whatever it means: this room knows no Kubernetes.

pub mod yaml;
