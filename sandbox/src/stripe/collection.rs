//! Objects in the order in which they were created, found by id in constant time, listed in Stripe's pages.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{errors::ApiError, form::Form};

/// What every listed object has.
pub trait Resource {
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
    /// Ids of the objects that it belongs to, by which its list can be narrowed.
    fn owners(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Objects of one type.
#[derive(Debug)]
pub struct Collection<T> {
    items: Vec<T>,
    by_id: HashMap<String, usize>,
    by_owner: HashMap<String, Vec<usize>>,
    /// For each item the latest `created` up to it: these grow even when a clock is set back.
    latest: Vec<i64>,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self { items: Vec::new(), by_id: HashMap::new(), by_owner: HashMap::new(), latest: Vec::new() }
    }
}

impl<T: Resource> Collection<T> {
    /// Adds an object.
    pub fn insert(&mut self, item: T) {
        let index = self.items.len();
        self.by_id.insert(item.id().to_owned(), index);
        for owner in item.owners() {
            self.by_owner.entry(owner.to_owned()).or_default().push(index);
        }
        self.latest.push(self.latest.last().map_or(item.created(), |latest| item.created().max(*latest)));
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

    /// The objects that belong to another one, newest first.
    pub fn of<'a>(&'a self, owner: &str) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let indexes = self.by_owner.get(owner).map(Vec::as_slice).unwrap_or_default();
        indexes.iter().rev().filter_map(|index| self.items.get(*index))
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// A page of those that `keep` lets through, newest first (docs.stripe.com/api/pagination). With `owner` only what
    /// belongs to that object is looked at.
    ///
    /// # Errors
    ///
    /// 400 for a limit outside 1 to 100, a cursor that names nothing, a malformed `created`.
    pub fn page(&self, form: &Form, owner: Option<&str>, keep: impl Fn(&T) -> bool) -> Result<Value, ApiError> {
        let limit = limit(form)?;
        let created = CreatedRange::read(form)?;
        let rows = Rows::of(self, owner);
        let oldest = rows.before(self.latest.partition_point(|latest| *latest < created.from));
        let wanted = |item: &&T| created.contains(item.created()) && keep(item);
        let pick = |row: usize| self.items.get(rows.index(row)).filter(wanted);
        let (mut page, more): (Vec<&T>, bool) =
            match (self.cursor(form, "starting_after")?, self.cursor(form, "ending_before")?) {
                (Some(_), Some(_)) => {
                    let message = "You cannot use both ending_before and starting_after.";
                    return Err(ApiError::invalid("ending_before", message));
                }
                (after, None) => {
                    let end = after.map_or(rows.len(), |index| rows.before(index));
                    take((oldest..end.max(oldest)).rev().filter_map(pick), limit)
                }
                (None, Some(before)) => {
                    let start = rows.before(before + 1).max(oldest);
                    let (mut page, more) = take((start..rows.len()).filter_map(pick), limit);
                    page.reverse();
                    (page, more)
                }
            };
        let mut list = json!({ "object": "list", "has_more": more, "url": format!("/v1/{}", T::PATH) });
        // Put in, since the macro would copy it.
        list["data"] = page.drain(..).map(Resource::view).collect();
        Ok(list)
    }

    fn cursor(&self, form: &Form, name: &str) -> Result<Option<usize>, ApiError> {
        let Some(id) = form.filled(name) else { return Ok(None) };
        let index = self.by_id.get(id).copied();
        index.map(Some).ok_or_else(|| ApiError::no_such_param(T::OBJECT, id, name))
    }
}

/// The items of a list, oldest first: all of them, or those of one owner.
enum Rows<'a> {
    All(usize),
    Owned(&'a [usize]),
}

impl<'a> Rows<'a> {
    fn of<T>(collection: &'a Collection<T>, owner: Option<&str>) -> Self {
        match owner {
            None => Self::All(collection.items.len()),
            Some(owner) => Self::Owned(collection.by_owner.get(owner).map(Vec::as_slice).unwrap_or_default()),
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::All(count) => *count,
            Self::Owned(indexes) => indexes.len(),
        }
    }

    /// Where in the collection a row stands.
    fn index(&self, row: usize) -> usize {
        match self {
            Self::All(_) => row,
            Self::Owned(indexes) => indexes[row],
        }
    }

    /// How many rows stand before that place in the collection.
    fn before(&self, index: usize) -> usize {
        match self {
            Self::All(count) => index.min(*count),
            Self::Owned(indexes) => indexes.partition_point(|owned| *owned < index),
        }
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
struct CreatedRange {
    from: i64,
    to: i64,
}

impl CreatedRange {
    fn read(form: &Form) -> Result<Self, ApiError> {
        if let Some(at) = form.integer("created")? {
            return Ok(Self { from: at, to: at });
        }
        let mut range = Self { from: i64::MIN, to: i64::MAX };
        if let Some(bounds) = form.group("created") {
            range.narrow(bounds).map_err(|error| {
                let param = format!("created[{}]", error.param.as_deref().unwrap_or_default());
                error.at(&param)
            })?;
        }
        Ok(range)
    }

    fn narrow(&mut self, bounds: &Form) -> Result<(), ApiError> {
        bounds.only(&["gt", "gte", "lt", "lte"])?;
        self.from = bounds.integer("gte")?.unwrap_or(self.from);
        self.from = bounds.integer("gt")?.map_or(self.from, |gt| self.from.max(gt.saturating_add(1)));
        self.to = bounds.integer("lte")?.unwrap_or(self.to);
        self.to = bounds.integer("lt")?.map_or(self.to, |lt| self.to.min(lt.saturating_sub(1)));
        Ok(())
    }

    fn contains(&self, created: i64) -> bool {
        (self.from..=self.to).contains(&created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its id, when it was created, whose it is.
    struct Thing(String, i64, &'static str);

    impl Resource for Thing {
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
        fn owners(&self) -> Vec<&str> {
            vec![self.2]
        }
    }

    fn things(created: impl IntoIterator<Item = i64>) -> Collection<Thing> {
        let mut things = Collection::default();
        for (n, created) in (1..).zip(created) {
            things.insert(Thing(format!("t{n}"), created, if n % 2 == 0 { "even" } else { "odd" }));
        }
        things
    }

    fn seen(things: &Collection<Thing>, query: &str, owner: Option<&str>, but: &str) -> Result<String, ApiError> {
        let page = things.page(&Form::parse(query.as_bytes()), owner, |thing| thing.0 != but)?;
        Ok(format!("{} {}", page["data"], page["has_more"]))
    }

    fn page(query: &str) -> Result<String, ApiError> {
        seen(&things([10, 20, 30, 40, 50]), query, None, "t3")
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
    fn what_belongs_to_one_object_is_paged_like_all() {
        let things = things([10, 20, 30, 40, 50, 60]);
        for (query, expected) in [
            ("", r#"["t6","t4","t2"] false"#),
            ("limit=1", r#"["t6"] true"#),
            ("limit=1&starting_after=t6", r#"["t4"] true"#),
            ("limit=2&starting_after=t5", r#"["t4","t2"] false"#),
            ("limit=2&ending_before=t2", r#"["t6","t4"] false"#),
            ("limit=1&ending_before=t1", r#"["t2"] true"#),
            ("created[gte]=40", r#"["t6","t4"] false"#),
            ("created[gte]=40&starting_after=t2", "[] false"),
            ("created[gt]=40&ending_before=t2", r#"["t6"] false"#),
        ] {
            assert_eq!(seen(&things, query, Some("even"), "none").unwrap(), expected, "{query}");
        }
        assert_eq!(seen(&things, "", Some("nobody"), "none").unwrap(), "[] false");
        let odd: Vec<&str> = things.of("odd").map(Resource::id).collect();
        assert_eq!(odd, ["t5", "t3", "t1"]);
    }

    #[test]
    fn a_clock_that_is_set_back_hides_nothing() {
        let things = things([10, 50, 20, 30, 60]);
        for (query, expected) in [
            ("created[gte]=50", r#"["t5","t2"] false"#),
            ("created[gte]=20&created[lt]=50", r#"["t4","t3"] false"#),
            ("created[gte]=61", "[] false"),
        ] {
            assert_eq!(seen(&things, query, None, "none").unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn wrong_bounds_are_refused() {
        for (query, param) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("starting_after=t9", "starting_after"),
            ("starting_after=t1&ending_before=t2", "ending_before"),
            ("created[since]=5", "created[since]"),
            ("created[gte]=yesterday", "created[gte]"),
            ("created=yesterday", "created"),
        ] {
            let error = page(query).unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, Some(param)), "{query}");
        }
    }
}
