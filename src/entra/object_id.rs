//! The form of object IDs.

/// Whether a name has the form of an Entra object ID: a GUID.
///
/// ```
/// use rbac_eval::entra::is_object_id;
///
/// assert!(is_object_id("a1b2c3d4-aaaa-bbbb-cccc-123456789abc"));
/// assert!(!is_object_id("developers@contoso.com"));
/// ```
pub fn is_object_id(name: &str) -> bool {
    let mut parts = name.split('-');
    [8, 4, 4, 4, 12].iter().all(|&length| {
        parts.next().is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }) && parts.next().is_none()
}
