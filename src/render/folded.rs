//! Rows that a table leaves out, since every cluster has them.

use crate::analysis::owner::Owner;

/// How many rows a table leaves out, by whose they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Folded {
    kubernetes: usize,
    aks: usize,
}

impl Folded {
    /// Whether a row is left out; if so, it is counted.
    pub(super) fn folds(&mut self, owner: Owner) -> bool {
        let count = match owner {
            Owner::Kubernetes => &mut self.kubernetes,
            Owner::Aks => &mut self.aks,
            Owner::Cluster => return false,
        };
        *count += 1;
        true
    }

    /// Whose the rows are that are left out, if any are.
    pub(super) fn whose(self) -> Option<&'static str> {
        match (self.kubernetes, self.aks) {
            (0, 0) => None,
            (_, 0) => Some("Kubernetes' own"),
            (0, _) => Some("AKS' own"),
            _ => Some("Kubernetes' and AKS' own"),
        }
    }

    /// The line below a table that says so; empty where it has all rows.
    pub(super) fn to_line(self) -> String {
        let of = |count: usize, whose: &str| (count > 0).then(|| format!("and {count} of {whose}"));
        let parts = [
            of(self.kubernetes, "Kubernetes' own"),
            of(self.aks, "AKS' own"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => String::new(),
            false => format!("{}; --system shows them\n", parts.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let mut folded = Folded::default();
        assert!(!folded.folds(Owner::Cluster));
        assert_eq!((folded.to_line(), folded.whose()), (String::new(), None));
        assert!(folded.folds(Owner::Kubernetes));
        assert_eq!(
            folded.to_line(),
            "and 1 of Kubernetes' own; --system shows them\n"
        );
        assert!(folded.folds(Owner::Aks));
        assert!(folded.folds(Owner::Aks));
        assert_eq!(
            folded.to_line(),
            "and 1 of Kubernetes' own and 2 of AKS' own; --system shows them\n"
        );
        assert_eq!(folded.whose(), Some("Kubernetes' and AKS' own"));
    }
}
