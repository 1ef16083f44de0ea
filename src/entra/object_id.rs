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
    let is_right = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    name.len() == "00000000-0000-0000-0000-000000000000".len()
        && name.bytes().enumerate().all(is_right)
}
