//! `metadata`: what every object has.

use std::fmt;

use compact_str::{CompactString, format_compact};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::fields::{
    Invalid, NameForm, Whole, check_labels, is_qualified_name, map, no_string, no_unknown,
};
use super::shape::{Flag, Text, TextMap, mapping};
use crate::text::excerpt;

/// The label of the objects that an API server makes by itself.
const BOOTSTRAPPING: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");

/// The annotation in which `kubectl apply` keeps a copy of the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What every object has: its name and what is attached to it.
///
/// Objects dereference to it, so that `role.name` is the name of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Metadata {
    /// The namespace; empty for an object of the whole cluster.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
    /// The labels, sorted by key.
    pub labels: Vec<(String, String)>,
    /// The annotations, sorted by key.
    ///
    /// All but `kubectl.kubernetes.io/last-applied-configuration`, which is a copy of the object: it
    /// says nothing that the object doesn't, and would double what a dump takes in memory. A server
    /// takes 256 KiB of annotations at most; what a manifest has beyond that is kept all the same.
    pub annotations: Box<[(CompactString, Box<str>)]>,
    /// Whether it has a `uid`, which a server gives.
    pub has_uid: bool,
    /// Whether it has a `resourceVersion`, as everything that a server prints.
    pub has_resource_version: bool,
}

impl Metadata {
    /// The metadata of an object that has nothing but a name.
    pub fn new(namespace: impl Into<CompactString>, name: impl Into<CompactString>) -> Self {
        Metadata {
            namespace: namespace.into(),
            name: name.into(),
            ..Metadata::default()
        }
    }

    /// Whether the object comes from a server: it has a `uid`.
    pub fn is_from_server(&self) -> bool {
        self.has_uid
    }

    /// Whether the object stands as a server prints it: with a `uid` and a `resourceVersion`.
    pub fn is_printed_by_server(&self) -> bool {
        self.is_from_server() && self.has_resource_version
    }

    /// Whether the object is labelled as one of the default policy's.
    pub fn is_bootstrapped(&self) -> bool {
        let (key, value) = BOOTSTRAPPING;
        self.labels.iter().any(|(k, v)| k == key && v == value)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        let at = self
            .annotations
            .binary_search_by(|(known, _)| (**known).cmp(key));
        at.ok().map(|at| &*self.annotations[at].1)
    }
}

mapping! {
    /// `metadata` as it is written.
    pub struct RawMetadata<'a> expecting "the object's metadata" {
        name: Text<'a> = "name",
        generate_name: Text<'a> = "generateName",
        namespace: Text<'a> = "namespace",
        self_link: Text<'a> = "selfLink",
        uid: Text<'a> = "uid",
        resource_version: Text<'a> = "resourceVersion",
        generation: Number = "generation",
        creation_timestamp: Text<'a> = "creationTimestamp",
        deletion_timestamp: Text<'a> = "deletionTimestamp",
        deletion_grace_period_seconds: Number = "deletionGracePeriodSeconds",
        labels: TextMap<'a> = "labels",
        annotations: TextMap<'a> = "annotations",
        owner_references: Vec<RawOwner<'a>> = "ownerReferences",
        finalizers: Vec<Text<'a>> = "finalizers",
        managed_fields: Vec<RawManager<'a>> = "managedFields",
    }
    ignoring ["clusterName", "continue", "remainingItemCount"]
    keeping unknown
}

mapping! {
    /// An entry of `metadata.ownerReferences` as it is written.
    pub struct RawOwner<'a> expecting "an owner reference" {
        api_version: Text<'a> = "apiVersion",
        kind: Text<'a> = "kind",
        name: Text<'a> = "name",
        uid: Text<'a> = "uid",
        controller: Flag = "controller",
        block_owner_deletion: Flag = "blockOwnerDeletion",
    }
}

mapping! {
    /// An entry of `metadata.managedFields` as it is written.
    pub struct RawManager<'a> expecting "an entry of managed fields" {
        manager: Text<'a> = "manager",
        operation: Text<'a> = "operation",
        api_version: Text<'a> = "apiVersion",
        time: Text<'a> = "time",
        fields_type: Text<'a> = "fieldsType",
        subresource: Text<'a> = "subresource",
    }
}

/// A whole number of up to 63 bits.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub(super) i64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Number(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                let number = i64::try_from(value).map(Number);
                number.map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

/// What isn't part of an object's name.
pub(super) struct Attached {
    pub(super) labels: Vec<(String, String)>,
    pub(super) annotations: Box<[(CompactString, Box<str>)]>,
    pub(super) has_uid: bool,
}

impl RawMetadata<'_> {
    /// What `metadata.name` holds.
    pub(super) fn name(&self) -> Result<CompactString, Invalid> {
        as_string(self.name.as_ref(), "metadata.name")
    }

    /// What `metadata.namespace` holds.
    pub(crate) fn namespace(&self) -> Result<CompactString, Invalid> {
        as_string(self.namespace.as_ref(), "metadata.namespace")
    }

    /// Whether a server has kept the object.
    pub(super) fn has_resource_version(&self) -> Result<bool, Invalid> {
        let version = as_string(self.resource_version.as_ref(), "metadata.resourceVersion")?;
        Ok(!version.is_empty())
    }

    /// Whether something else than a string stands where the namespace belongs.
    pub(super) fn has_odd_namespace(&self) -> bool {
        !matches!(self.namespace, None | Some(Text::Str(_)))
    }

    /// The name of an object whose own name is this one. Where it has none but a prefix, of which a
    /// server makes a name that nobody knows yet, it is called `PREFIX*`.
    pub(super) fn check_name(
        &self,
        name: CompactString,
        naming: NameForm,
    ) -> Result<CompactString, Invalid> {
        let field = "metadata.generateName";
        let prefix = as_string(self.generate_name.as_ref(), field)?;
        if !prefix.is_empty() {
            naming.check(&prefix, Whole::Prefix, field)?;
        }
        if !name.is_empty() || prefix.is_empty() {
            naming.check(&name, Whole::Name, "metadata.name")?;
            return Ok(name);
        }
        Ok(format_compact!("{prefix}*"))
    }

    /// That everything has the type that it should have.
    ///
    /// Source: `ObjectMeta` of apimachinery, into which kubectl and servers read it.
    pub(crate) fn check_types(&self) -> Result<(), Invalid> {
        self.namespace()?;
        self.check_other_types()
    }

    /// Refuses fields that no object's metadata has.
    pub(crate) fn check_fields(&self) -> Result<(), Invalid> {
        no_unknown(&self.unknown, "metadata.")
    }

    /// Whether it holds nothing but a namespace and what a server sets itself, whatever a request says of
    /// it: `uid`, `selfLink`, the times, and `managedFields`.
    ///
    /// Source: `WipeObjectMetaSystemFields` of the API server.
    pub(crate) fn is_empty_but_for_namespace(&self) -> bool {
        let is_empty = |text: &Option<Text<'_>>| match text {
            None => true,
            Some(Text::Str(text)) => text.is_empty(),
            Some(Text::Scalar(_) | Text::Nested(_)) => false,
        };
        let has_no_entries = |map: &Option<TextMap<'_>>| {
            let entries = map.as_ref().map(|map| &map.0);
            entries.is_none_or(Vec::is_empty)
        };
        [&self.name, &self.generate_name, &self.resource_version]
            .into_iter()
            .all(is_empty)
            && matches!(self.generation, None | Some(Number(0)))
            && [&self.labels, &self.annotations]
                .into_iter()
                .all(has_no_entries)
            && self.owner_references.as_ref().is_none_or(Vec::is_empty)
            && self.finalizers.as_ref().is_none_or(Vec::is_empty)
    }

    /// The same of all but the namespace.
    fn check_other_types(&self) -> Result<(), Invalid> {
        for (text, field) in [
            (&self.name, "metadata.name"),
            (&self.generate_name, "metadata.generateName"),
            (&self.self_link, "metadata.selfLink"),
            (&self.uid, "metadata.uid"),
            (&self.resource_version, "metadata.resourceVersion"),
        ] {
            check_string(text.as_ref(), field)?;
        }
        moment(
            self.creation_timestamp.as_ref(),
            "metadata.creationTimestamp",
        )?;
        moment(
            self.deletion_timestamp.as_ref(),
            "metadata.deletionTimestamp",
        )?;
        for (map, field) in [(&self.labels, "labels"), (&self.annotations, "annotations")] {
            for (key, value) in map.iter().flat_map(|map| &map.0) {
                // Its place is put into words only where it is wrong.
                if !matches!(value, Text::Str(_)) {
                    check_string(Some(value), &format!("metadata.{field}.{}", excerpt(key)))?;
                }
            }
        }
        for finalizer in self.finalizers.iter().flatten() {
            check_string(Some(finalizer), "metadata.finalizers")?;
        }
        for owner in self.owner_references.iter().flatten() {
            for text in [&owner.api_version, &owner.kind, &owner.name, &owner.uid] {
                check_string(text.as_ref(), "metadata.ownerReferences")?;
            }
        }
        for manager in self.managed_fields.iter().flatten() {
            let texts = [
                &manager.manager,
                &manager.operation,
                &manager.api_version,
                &manager.fields_type,
                &manager.subresource,
            ];
            for text in texts {
                check_string(text.as_ref(), "metadata.managedFields")?;
            }
            moment(manager.time.as_ref(), "metadata.managedFields.time")?;
        }
        Ok(())
    }

    /// The fields that hold more than a name, held against what an API server takes.
    ///
    /// Source: `ValidateObjectMeta` of apimachinery.
    pub(super) fn attached(&mut self) -> Result<Attached, Invalid> {
        self.check_other_types()?;
        self.check_system_fields()?;
        let mut labels = map(self.labels.take(), "metadata.labels")?;
        labels.sort();
        check_labels(&labels, "metadata.labels")?;
        let mut annotations: Vec<(CompactString, Box<str>)> =
            map(self.annotations.take(), "metadata.annotations")?
                .into_iter()
                .filter(|(key, _)| key != LAST_APPLIED)
                .map(|(key, value)| (key.into(), value.into_boxed_str()))
                .collect();
        annotations.sort();
        for (key, _) in &annotations {
            // Their names are compared without regard to case.
            if !is_qualified_name(&key.to_ascii_lowercase()) {
                return Err(Invalid::new(format!(
                    "metadata.annotations: invalid value `{}`: an annotation's name is made of up to 63 \
                     letters, digits and `-_.`, after a domain and `/` if there is one",
                    excerpt(key)
                )));
            }
        }
        let has_uid = matches!(&self.uid, Some(Text::Str(uid)) if !uid.is_empty());
        Ok(Attached {
            labels,
            annotations: annotations.into_boxed_slice(),
            has_uid,
        })
    }

    /// What nobody writes by hand, and a server looks at all the same.
    fn check_system_fields(&self) -> Result<(), Invalid> {
        if let Some(Number(generation @ ..0)) = self.generation {
            return Err(Invalid::new(format!(
                "metadata.generation: invalid value `{generation}`: must be greater than or equal to 0"
            )));
        }
        for finalizer in self.finalizers.iter().flatten() {
            let finalizer = as_string(Some(finalizer), "metadata.finalizers")?;
            if !is_qualified_name(&finalizer) {
                return Err(Invalid::new(format!(
                    "metadata.finalizers: invalid value `{}`: a finalizer is named as a label is",
                    excerpt(&finalizer)
                )));
            }
        }
        let mut controllers = 0;
        for owner in self.owner_references.iter().flatten() {
            for (text, field) in [
                (&owner.api_version, "apiVersion"),
                (&owner.kind, "kind"),
                (&owner.name, "name"),
                (&owner.uid, "uid"),
            ] {
                let field = format!("metadata.ownerReferences.{field}");
                if as_string(text.as_ref(), &field)?.is_empty() {
                    return Err(Invalid::new(format!("{field}: must not be empty")));
                }
            }
            controllers += u32::from(owner.controller == Some(Flag(true)));
        }
        if controllers > 1 {
            return Err(Invalid::new(
                "metadata.ownerReferences: only one reference can have `controller` set to true",
            ));
        }
        Ok(())
    }
}

/// A string; an empty one where there is none.
fn as_string(text: Option<&Text<'_>>, field: &str) -> Result<CompactString, Invalid> {
    match text {
        None => Ok(CompactString::default()),
        Some(Text::Str(text)) => Ok((&**text).into()),
        Some(other) => Err(no_string(other, field)),
    }
}

/// That a text is a string, if there is one.
fn check_string(text: Option<&Text<'_>>, field: &str) -> Result<(), Invalid> {
    match text {
        None | Some(Text::Str(_)) => Ok(()),
        Some(other) => Err(no_string(other, field)),
    }
}

/// That a text is a time as RFC 3339 has it, if there is one.
fn moment(text: Option<&Text<'_>>, field: &str) -> Result<(), Invalid> {
    match text {
        None => Ok(()),
        Some(Text::Str(text)) if is_moment(text) => Ok(()),
        Some(Text::Str(text)) => Err(Invalid::new(format!(
            "{field}: `{}` is no time such as `2006-01-02T15:04:05Z`",
            excerpt(text)
        ))),
        Some(other) => Err(no_string(other, field)),
    }
}

/// The number that is written with nothing but digits, of which there are few.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        let value = digit.is_ascii_digit().then(|| u32::from(digit - b'0'));
        value.map(|value| number * 10 + value)
    })
}

/// Source: Go's `time.Parse` with `time.RFC3339`.
fn is_moment(text: &str) -> bool {
    let Some((clock, rest)) = text
        .as_bytes()
        .split_at_checked("2006-01-02T15:04:05".len())
    else {
        return false;
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|&(at, mark)| clock[at] != mark) {
        return false;
    }
    let parts = [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].map(|part| number(&clock[part]));
    let [
        Some(year),
        Some(month),
        Some(day),
        Some(hour),
        Some(minute),
        Some(second),
    ] = parts
    else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    let zone = match rest {
        [b'.' | b',', fraction @ ..] => {
            let digits = fraction.iter().take_while(|digit| digit.is_ascii_digit());
            match digits.count() {
                0 => return false,
                digits => &fraction[digits..],
            }
        }
        zone => zone,
    };
    let zone_is_right = match zone {
        b"Z" => true,
        [b'+' | b'-', hours @ .., b':', ten, one] if hours.len() == 2 => {
            number(hours).is_some_and(|hours| hours <= 24)
                && number(&[*ten, *one]).is_some_and(|minutes| minutes <= 60)
        }
        _ => false,
    };
    (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60 && zone_is_right
}

#[cfg(test)]
mod tests {
    use super::is_moment;

    #[test]
    fn times_are_those_of_rfc_3339() {
        for text in [
            "2006-01-02T15:04:05Z",
            "2024-02-29T00:00:00.123456789+02:00",
            "2000-12-31T23:59:59-11:30",
            "2000-12-31T23:59:59,5+24:60",
        ] {
            assert!(is_moment(text), "{text}");
        }
        for text in [
            "",
            "2006-01-02",
            "2006-01-02 15:04:05Z",
            "2006-01-02T15:04:05",
            "2006-1-2T15:04:05Z",
            "2023-02-29T00:00:00Z",
            "2006-13-02T15:04:05Z",
            "2006-01-02T25:04:05Z",
            "2006-01-02T15:04:05.Z",
            "2006-01-02T15:04:05+2:00",
            "2006-01-02T15:04:05+02:000",
            "2006-01-02T15:04:05+25:00",
            "2006-01-02T15:04:05+02-00",
            "2006-01-02T15:04:05.5",
            "2006-01-02T15:04:05ZZ",
            "2006-01-02T15-04-05Z",
            "2006-01-02T15:04:6éZ",
            "+006-01-02T15:04:05Z",
        ] {
            assert!(!is_moment(text), "{text}");
        }
    }
}
