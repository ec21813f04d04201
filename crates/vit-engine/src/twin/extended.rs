//! Extended attributes: access lists, capabilities of a program, labels. A hard link shares them;
//! a copy gets its own.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::XattrFlags;
use rustix::io::Errno;

/// Those without which a file can be used by others, or do other things, than before.
const NEEDED: [&[u8]; 2] = [b"security.capability", b"system.posix_acl_"];

/// Gives a copy the extended attributes of its original. One that grants nothing, a label for
/// instance, may be left behind where the file system or the user may not keep it.
///
/// # Errors
/// One that grants something could not be kept.
pub(super) fn copy(from: &File, to: impl AsFd) -> io::Result<()> {
    let mut names = match rustix::fs::flistxattr_query(from) {
        // Also a file system that has none.
        Ok(0) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
        length => vec![0; length?],
    };
    let length = rustix::fs::flistxattr(from, &mut names[..])?;
    for name in names[..length].split(|&byte| byte == 0) {
        if name.is_empty() {
            continue;
        }
        let needed = NEEDED.iter().any(|needed| name.starts_with(needed));
        match one(from, &to, name) {
            Err(error) if needed => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn one(from: &File, to: impl AsFd, name: &[u8]) -> Result<(), Errno> {
    let mut value = vec![0; rustix::fs::fgetxattr_query(from, name)?];
    let length = if value.is_empty() {
        0
    } else {
        rustix::fs::fgetxattr(from, name, &mut value[..])?
    };
    rustix::fs::fsetxattr(to, name, &value[..length], XattrFlags::empty())
}
