//! Objects as they are written, before they are held against the API server's rules.
//!
//! One set of types serves YAML and JSON. They take whatever has the right shape and keep what an
//! API server would refuse (unknown fields, numbers for strings), so that one bad value doesn't
//! stop the reading and the refusal can name it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::text::Span;

/// How a format holds a piece of an object together with its place.
pub(super) trait Piece<'a, T> {
    /// The piece and where it begins, or what is wrong with its shape.
    fn open(self, at: &dyn Locate) -> Result<(T, Span), ShapeError>;
}

/// Turns what a [`Piece`] knows of its position into a [`Span`].
pub(super) trait Locate {
    /// From a line and column of the parsed text, both from 1.
    fn line_column(&self, line: u64, column: u64) -> Span;
    /// From a slice of the parsed text.
    fn slice(&self, slice: &str) -> Span;
}

/// A piece whose shape doesn't fit.
#[derive(Debug)]
pub(super) struct ShapeError {
    pub(super) span: Option<Span>,
    pub(super) message: String,
    /// Whether the text itself is at fault, rather than what it says.
    pub(super) unreadable: bool,
}

/// The formats: how each holds rules, subjects, items and specs.
pub(super) trait Format<'a>: Sized {
    type Rule: Piece<'a, RawRule<'a>> + Deserialize<'a>;
    type Subject: Piece<'a, RawSubject<'a>> + Deserialize<'a>;
    type Spec: Piece<'a, RawSpec<'a>> + Deserialize<'a>;
    type Item: Piece<'a, RawObject<'a, Self>> + Deserialize<'a>;
}

/// Visits every scalar, and keeps nothing of it.
macro_rules! passed_over {
    ($value:ident) => {
        fn visit_str<E>(self, _: &str) -> Result<$value, E> {
            Ok($value)
        }
        fn visit_unit<E>(self) -> Result<$value, E> {
            Ok($value)
        }
        fn visit_bool<E>(self, _: bool) -> Result<$value, E> {
            Ok($value)
        }
        fn visit_i64<E>(self, _: i64) -> Result<$value, E> {
            Ok($value)
        }
        fn visit_u64<E>(self, _: u64) -> Result<$value, E> {
            Ok($value)
        }
        fn visit_i128<E>(self, _: i128) -> Result<$value, E> {
            Ok($value)
        }
        fn visit_u128<E>(self, _: u128) -> Result<$value, E> {
            Ok($value)
        }
        fn visit_f64<E>(self, _: f64) -> Result<$value, E> {
            Ok($value)
        }
    };
}

/// A string, or what stands where a string belongs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Text<'a> {
    /// A string; null is the empty one.
    Str(Cow<'a, str>),
    /// A scalar that quotes would make a string, in words.
    Scalar(String),
    /// A list or mapping, in words.
    Nested(&'static str),
}

impl Text<'_> {
    /// What stands where a string belongs, and what to do about it.
    pub(crate) fn complaint(&self) -> Option<String> {
        match self {
            Text::Str(_) => None,
            Text::Scalar(what) => {
                Some(format!("{what}, where a string belongs (put it in quotes)"))
            }
            Text::Nested(what) => Some(format!("{what}, where a string belongs")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Text::Str(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Text::Str(Cow::Owned(value.to_owned())))
            }
            fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
                Ok(Text::Str(Cow::Owned(value)))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text::Str(Cow::Borrowed("")))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Text::Scalar(format!("the boolean `{value}`")))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Text::Scalar(format!("the number `{value}`")))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Text::Scalar(format!("the number `{value}`")))
            }
            fn visit_i128<E>(self, value: i128) -> Result<Self::Value, E> {
                Ok(Text::Scalar(format!("the number `{value}`")))
            }
            fn visit_u128<E>(self, value: u128) -> Result<Self::Value, E> {
                Ok(Text::Scalar(format!("the number `{value}`")))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                if !value.is_finite() {
                    return Ok(Text::Scalar("a number that is not finite".to_owned()));
                }
                Ok(Text::Scalar(format!("the number `{value}`")))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<Skipped>()?.is_some() {}
                Ok(Text::Nested("a list"))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<SkippedKey, Skipped>()?.is_some() {}
                Ok(Text::Nested("a mapping"))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// A map of strings in the order of the input, keys unique.
#[derive(Debug, Default)]
pub(super) struct TextMap<'a>(pub(super) Vec<(String, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for TextMap<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;
        impl<'de> Visitor<'de> for MapVisitor {
            type Value = TextMap<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a mapping of strings")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(TextMap::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(String, Text<'de>)> = Vec::new();
                let mut seen = hashbrown::HashSet::new();
                while let Some((key, value)) = map.next_entry::<String, Text<'de>>()? {
                    if !seen.insert(key.clone()) {
                        return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    entries.push((key, value));
                }
                Ok(TextMap(entries))
            }
        }
        deserializer.deserialize_any(MapVisitor)
    }
}

/// A key, borrowed where the format can.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A value that is passed over. Where a mapping or list stands as a key it is an error, since no
/// Kubernetes tool can turn that into JSON: it is what is left of a template.
pub(super) struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SkippedVisitor;
        impl<'de> Visitor<'de> for SkippedVisitor {
            type Value = Skipped;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value")
            }
            passed_over!(Skipped);
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Skipped, A::Error> {
                while seq.next_element::<Skipped>()?.is_some() {}
                Ok(Skipped)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Skipped, A::Error> {
                while map.next_entry::<SkippedKey, Skipped>()?.is_some() {}
                Ok(Skipped)
            }
        }
        deserializer.deserialize_ignored_any(SkippedVisitor)
    }
}

/// The key of a value that is passed over.
struct SkippedKey;

impl<'de> Deserialize<'de> for SkippedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = SkippedKey;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }
            passed_over!(SkippedKey);
            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<SkippedKey, A::Error> {
                Err(de::Error::custom("a list stands where a key belongs"))
            }
            fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<SkippedKey, A::Error> {
                Err(de::Error::custom("a mapping stands where a key belongs"))
            }
        }
        deserializer.deserialize_any(KeyVisitor)
    }
}

/// Declares a mapping with known fields: each is optional, `null` leaves it out, a second
/// occurrence is an error, and names outside the list are kept in `unknown`.
macro_rules! mapping {
    (
        $(#[$doc:meta])*
        $name:ident<$lt:lifetime $(, $f:ident: $bound:path)?> expecting $expecting:literal {
            $( $field:ident: $ty:ty = $key:literal, )*
        }
        ignoring [ $( $ignored:literal ),* ]
    ) => {
        $(#[$doc])*
        pub(super) struct $name<$lt $(, $f: $bound)?> {
            $( pub(super) $field: Option<$ty>, )*
            pub(super) unknown: Vec<String>,
            marker: PhantomData<(&$lt (), $($f)?)>,
        }

        impl<$lt $(, $f: $bound)?> Default for $name<$lt $(, $f)?> {
            fn default() -> Self {
                $name { $( $field: None, )* unknown: Vec::new(), marker: PhantomData }
            }
        }

        impl<$lt $(, $f: $bound)?> Deserialize<$lt> for $name<$lt $(, $f)?> {
            fn deserialize<D: Deserializer<$lt>>(deserializer: D) -> Result<Self, D::Error> {
                struct MappingVisitor<$lt $(, $f: $bound)?>(PhantomData<(&$lt (), $($f)?)>);
                impl<$lt $(, $f: $bound)?> Visitor<$lt> for MappingVisitor<$lt $(, $f)?> {
                    type Value = $name<$lt $(, $f)?>;
                    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_unit<E>(self) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }
                    fn visit_map<A: MapAccess<$lt>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut value = $name::default();
                        $( let mut $field = false; )*
                        while let Some(Key(key)) = map.next_key::<Key<$lt>>()? {
                            match &*key {
                                $( $key => {
                                    if std::mem::replace(&mut $field, true) {
                                        return Err(de::Error::duplicate_field($key));
                                    }
                                    value.$field = map.next_value()?;
                                } )*
                                $( $ignored => { map.next_value::<Skipped>()?; } )*
                                other => {
                                    value.unknown.push(other.to_owned());
                                    map.next_value::<Skipped>()?;
                                }
                            }
                        }
                        Ok(value)
                    }
                }
                deserializer.deserialize_any(MappingVisitor(PhantomData))
            }
        }
    };
}

mapping! {
    /// A whole object of any kind.
    RawObject<'a, F: Format<'a>> expecting "a Kubernetes object" {
        api_version: Text<'a> = "apiVersion",
        kind: Text<'a> = "kind",
        metadata: RawMetadata<'a> = "metadata",
        rules: Vec<F::Rule> = "rules",
        aggregation_rule: RawAggregationRule<'a> = "aggregationRule",
        role_ref: RawRoleRef<'a> = "roleRef",
        subjects: Vec<F::Subject> = "subjects",
        items: Vec<F::Item> = "items",
        spec: F::Spec = "spec",
    }
    ignoring []
}

mapping! {
    /// `metadata`
    RawMetadata<'a> expecting "the object's metadata" {
        name: Text<'a> = "name",
        namespace: Text<'a> = "namespace",
        uid: Text<'a> = "uid",
        labels: TextMap<'a> = "labels",
        annotations: TextMap<'a> = "annotations",
    }
    ignoring [
            "generateName", "selfLink", "resourceVersion", "generation", "creationTimestamp",
            "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers",
            "managedFields", "clusterName", "continue", "remainingItemCount"
        ]
}

mapping! {
    /// A PolicyRule.
    RawRule<'a> expecting "a rule (a mapping with `verbs`, `apiGroups`, `resources`)" {
        verbs: Vec<Text<'a>> = "verbs",
        api_groups: Vec<Text<'a>> = "apiGroups",
        resources: Vec<Text<'a>> = "resources",
        resource_names: Vec<Text<'a>> = "resourceNames",
        non_resource_urls: Vec<Text<'a>> = "nonResourceURLs",
    }
    ignoring []
}

mapping! {
    /// `aggregationRule`
    RawAggregationRule<'a> expecting "an aggregation rule" {
        cluster_role_selectors: Vec<RawSelector<'a>> = "clusterRoleSelectors",
    }
    ignoring []
}

mapping! {
    /// A label selector.
    RawSelector<'a> expecting "a label selector" {
        match_labels: TextMap<'a> = "matchLabels",
        match_expressions: Vec<RawRequirement<'a>> = "matchExpressions",
    }
    ignoring []
}

mapping! {
    /// A label selector's requirement.
    RawRequirement<'a> expecting "a label selector requirement" {
        key: Text<'a> = "key",
        operator: Text<'a> = "operator",
        values: Vec<Text<'a>> = "values",
    }
    ignoring []
}

mapping! {
    /// `roleRef`
    RawRoleRef<'a> expecting "a role reference (a mapping with `kind` and `name`)" {
        api_group: Text<'a> = "apiGroup",
        kind: Text<'a> = "kind",
        name: Text<'a> = "name",
    }
    ignoring []
}

mapping! {
    /// An entry of `subjects`; `apiVersion` is v1alpha1's.
    RawSubject<'a> expecting "a subject (a mapping with `kind` and `name`)" {
        kind: Text<'a> = "kind",
        api_group: Text<'a> = "apiGroup",
        api_version: Text<'a> = "apiVersion",
        name: Text<'a> = "name",
        namespace: Text<'a> = "namespace",
    }
    ignoring []
}

mapping! {
    /// What of a CustomResourceDefinition's `spec` matters here.
    RawSpec<'a> expecting "the spec of an object" {
        group: Text<'a> = "group",
        scope: Text<'a> = "scope",
        names: RawNames<'a> = "names",
        version: Text<'a> = "version",
        versions: Vec<RawVersion<'a>> = "versions",
        subresources: RawSubresources<'a> = "subresources",
    }
    ignoring []
}

mapping! {
    /// `spec.names`
    RawNames<'a> expecting "the names of a resource" {
        plural: Text<'a> = "plural",
        singular: Text<'a> = "singular",
        kind: Text<'a> = "kind",
        short_names: Vec<Text<'a>> = "shortNames",
    }
    ignoring []
}

mapping! {
    /// An entry of `spec.versions`
    RawVersion<'a> expecting "a version" {
        name: Text<'a> = "name",
        served: bool = "served",
        subresources: RawSubresources<'a> = "subresources",
    }
    ignoring []
}

mapping! {
    /// `subresources`
    RawSubresources<'a> expecting "subresources" {
        status: Skipped = "status",
        scale: Skipped = "scale",
    }
    ignoring []
}
