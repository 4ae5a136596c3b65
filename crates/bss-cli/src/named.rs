//! Choices by name: enums whose variants are written and read the same way in arguments, TOML and JSON.

/// Declares an enum with a name for each variant, and what reads and writes them.
macro_rules! named {
    ($(#[$meta:meta])* enum $Type:ident { $($(#[$variant_meta:meta])* $Variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $Type {
            $($(#[$variant_meta])* $Variant,)+
        }

        impl $Type {
            /// All names, in the order in which they are listed.
            pub(crate) const NAMES: &[&str] = &[$($name),+];

            /// The name on the command line, in TOML and in JSON.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)+
                }
            }

            /// The variant of that name.
            pub(crate) fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$Variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

pub(crate) use named;
