//! Enums whose variants have a word each.

/// Declares an enum whose variants are stored and sent as words, and says each word once: `ALL`, `as_str`, `from_word`,
/// `Display` and serde follow from the declaration. The words outlive every version of the code, since they are in tables,
/// messages and clients; `tests/tests/all/stored_words.rs` holds them.
///
/// ```text
/// string_enum! {
///     /// What there is.
///     pub enum Colour {
///         /// As the sky.
///         Blue = "blue",
///     }
/// }
/// ```
#[macro_export]
macro_rules! string_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$note:meta])* $variant:ident = $word:tt,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name {
            $($(#[$note])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in the order of their declaration.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Its word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, to: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                to.pad(self.as_str())
            }
        }
    };
}
