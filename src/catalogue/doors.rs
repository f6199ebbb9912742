//! What handlers of the catalogue ask before they begin.

use crate::{
    access::{Reach, Tenant},
    error::{Error, Forbidden, Result},
};
use uuid::Uuid;

/// The id in a path. One that is none belongs to nothing.
pub fn id(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| Error::NotFound)
}

/// Refuses changes by somebody who sees own works only, whatever their role holds; row security would too, in no words.
pub fn keeper(at: &Tenant, permission: &'static str) -> Result<()> {
    match at.reach {
        Reach::Own(_) => Err(Error::Forbidden(Forbidden::Permission(permission))),
        _ => Ok(()),
    }
}

/// May this person keep such things at all? For showing and hiding.
pub fn keeps(at: &Tenant, permission: &str) -> bool {
    !matches!(at.reach, Reach::Own(_)) && at.may(permission)
}

/// Who sees own works only sees the catalogue as it is: what is archived is no more for them.
pub fn sees_archived(at: &Tenant) -> bool {
    !matches!(at.reach, Reach::Own(_))
}
