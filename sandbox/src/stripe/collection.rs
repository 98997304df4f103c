//! Objects in the order in which they were created, found by id in constant time, listed in Stripe's pages.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{errors::ApiError, form::Form};

/// What every listed object has.
pub trait Stored {
    /// Stripe's name of the object type.
    const OBJECT: &'static str;
    /// Its path under `/v1/`.
    const PATH: &'static str;
    /// Its id.
    fn id(&self) -> &str;
    /// Seconds since the epoch.
    fn created(&self) -> i64;
    /// The object as the secret key sees it.
    fn view(&self) -> Value;
}

/// Objects of one type.
#[derive(Debug)]
pub struct Collection<T> {
    items: Vec<T>,
    by_id: HashMap<String, usize>,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self { items: Vec::new(), by_id: HashMap::new() }
    }
}

impl<T: Stored> Collection<T> {
    /// Adds an object.
    pub fn insert(&mut self, item: T) {
        self.by_id.insert(item.id().to_owned(), self.items.len());
        self.items.push(item);
    }

    /// The object of that id.
    pub fn find(&self, id: &str) -> Option<&T> {
        self.items.get(*self.by_id.get(id)?)
    }

    /// The object that the path names.
    ///
    /// # Errors
    ///
    /// 404 `resource_missing`.
    pub fn get(&self, id: &str) -> Result<&T, ApiError> {
        self.find(id).ok_or_else(|| ApiError::no_such(T::OBJECT, id))
    }

    /// The object that the path names, to be changed.
    ///
    /// # Errors
    ///
    /// 404 `resource_missing`.
    pub fn get_mut(&mut self, id: &str) -> Result<&mut T, ApiError> {
        let index = self.by_id.get(id).copied();
        index.and_then(|index| self.items.get_mut(index)).ok_or_else(|| ApiError::no_such(T::OBJECT, id))
    }

    /// All objects, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.items.iter().rev()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// A page of those that `keep` lets through, newest first (docs.stripe.com/api/pagination).
    ///
    /// # Errors
    ///
    /// 400 for a limit outside 1 to 100, a cursor that names nothing, a malformed `created`.
    pub fn page(&self, form: &Form, keep: impl Fn(&T) -> bool) -> Result<Value, ApiError> {
        let limit = limit(form)?;
        let created = Created::read(form)?;
        let wanted = |item: &&T| created.contains(item.created()) && keep(item);
        let (mut page, more): (Vec<&T>, bool) =
            match (self.cursor(form, "starting_after")?, self.cursor(form, "ending_before")?) {
                (Some(_), Some(_)) => {
                    let message = "You cannot use both ending_before and starting_after.";
                    return Err(ApiError::invalid("ending_before", message));
                }
                (after, None) => {
                    let older = &self.items[..after.unwrap_or(self.items.len())];
                    take(older.iter().rev().filter(wanted), limit)
                }
                (None, Some(before)) => {
                    let (mut page, more) = take(self.items[before + 1..].iter().filter(wanted), limit);
                    page.reverse();
                    (page, more)
                }
            };
        let data: Vec<Value> = page.drain(..).map(Stored::view).collect();
        Ok(json!({ "object": "list", "data": data, "has_more": more, "url": format!("/v1/{}", T::PATH) }))
    }

    fn cursor(&self, form: &Form, name: &str) -> Result<Option<usize>, ApiError> {
        let Some(id) = form.filled(name) else { return Ok(None) };
        let index = self.by_id.get(id).copied();
        index.map(Some).ok_or_else(|| ApiError::no_such_param(T::OBJECT, id, name))
    }
}

fn take<'a, T>(mut items: impl Iterator<Item = &'a T>, limit: usize) -> (Vec<&'a T>, bool) {
    let page = items.by_ref().take(limit).collect();
    (page, items.next().is_some())
}

fn limit(form: &Form) -> Result<usize, ApiError> {
    match form.integer("limit")? {
        None => Ok(10),
        Some(limit @ 1..=100) => Ok(usize::try_from(limit).unwrap_or(100)),
        Some(limit) => {
            let bound = if limit < 1 { "greater than or equal to 1" } else { "less than or equal to 100" };
            let message = format!("This value must be {bound}.");
            Err(ApiError::coded("parameter_invalid_integer", "limit", message))
        }
    }
}

/// The `created` filter: a moment, or bounds.
struct Created {
    from: i64,
    to: i64,
}

impl Created {
    fn read(form: &Form) -> Result<Self, ApiError> {
        if let Some(at) = form.integer("created")? {
            return Ok(Self { from: at, to: at });
        }
        let mut range = Self { from: i64::MIN, to: i64::MAX };
        if let Some(bounds) = form.group("created") {
            bounds.only(&["gt", "gte", "lt", "lte"])?;
            range.from = bounds.integer("gte")?.unwrap_or(range.from);
            range.from = bounds.integer("gt")?.map_or(range.from, |gt| range.from.max(gt.saturating_add(1)));
            range.to = bounds.integer("lte")?.unwrap_or(range.to);
            range.to = bounds.integer("lt")?.map_or(range.to, |lt| range.to.min(lt.saturating_sub(1)));
        }
        Ok(range)
    }

    fn contains(&self, created: i64) -> bool {
        (self.from..=self.to).contains(&created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(String, i64);

    impl Stored for Thing {
        const OBJECT: &'static str = "thing";
        const PATH: &'static str = "things";
        fn id(&self) -> &str {
            &self.0
        }
        fn created(&self) -> i64 {
            self.1
        }
        fn view(&self) -> Value {
            json!(self.0)
        }
    }

    fn page(query: &str) -> Result<String, ApiError> {
        let mut things = Collection::default();
        (1..=5).for_each(|n| things.insert(Thing(format!("t{n}"), n * 10)));
        let page = things.page(&Form::parse(query.as_bytes()), |thing| thing.0 != "t3")?;
        Ok(format!("{} {}", page["data"], page["has_more"]))
    }

    #[test]
    fn pages_go_from_new_to_old() {
        for (query, expected) in [
            ("", r#"["t5","t4","t2","t1"] false"#),
            ("limit=2", r#"["t5","t4"] true"#),
            ("limit=2&starting_after=t4", r#"["t2","t1"] false"#),
            ("limit=2&ending_before=t1", r#"["t4","t2"] true"#),
            ("limit=2&ending_before=t4", r#"["t5"] false"#),
            ("created[gte]=20&created[lt]=50", r#"["t4","t2"] false"#),
            ("created[gt]=20&created[lte]=50", r#"["t5","t4"] false"#),
            ("created=20", r#"["t2"] false"#),
        ] {
            assert_eq!(page(query).unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn wrong_bounds_are_refused() {
        for (query, param) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("starting_after=t9", "starting_after"),
            ("starting_after=t1&ending_before=t2", "ending_before"),
            ("created[since]=5", "since"),
        ] {
            let error = page(query).unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, Some(param)), "{query}");
        }
    }
}
