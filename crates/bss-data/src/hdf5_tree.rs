//! The datasets in an HDF5 file, found by walking its groups.

use hdf5::{Group, IndexType, IterationOrder, LinkType, LocationToken, LocationType};

/// Groups nested deeper than this are taken for damage.
const DEEPEST: usize = 64;

/// A walk ends after this many datasets; nobody picks one from a longer list.
const MOST: usize = 10_000;

/// The full paths of all datasets below the root, in the order of their names.
///
/// Only hard links are followed, so that an alias does not count as another dataset, and no group
/// twice, since hard links may form a cycle.
pub(crate) fn datasets(root: &Group) -> hdf5::Result<Vec<String>> {
    let mut walk = Walk::default();
    walk.enter(root, "", 0)?;
    Ok(walk.found)
}

/// What a walk has seen so far.
#[derive(Default)]
struct Walk {
    entered: Vec<LocationToken>,
    found: Vec<String>,
}

impl Walk {
    fn enter(&mut self, group: &Group, prefix: &str, depth: usize) -> hdf5::Result<()> {
        let token = group.loc_info()?.token;
        if depth > DEEPEST || self.entered.contains(&token) {
            return Ok(());
        }
        self.entered.push(token);
        let mut names = Vec::new();
        group.iter_visit(IndexType::Name, IterationOrder::Increasing, |name, link| {
            if link.link_type == LinkType::Hard {
                names.push(name.to_owned());
            }
            Ok(())
        })?;
        for name in names {
            if self.found.len() == MOST {
                return Ok(());
            }
            let path = format!("{prefix}/{name}");
            match group.loc_type_by_name(&name)? {
                LocationType::Group => self.enter(&group.group(&name)?, &path, depth + 1)?,
                LocationType::Dataset => self.found.push(path),
                LocationType::NamedDatatype => {}
            }
        }
        Ok(())
    }
}
