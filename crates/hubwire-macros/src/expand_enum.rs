//! Generates the trait implementations of an enum with numbers.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};

use crate::errors::Errors;
use crate::model::{DotnetEnum, DotnetVariant};
use crate::parse;
use crate::spanning::located;

/// Expands `#[derive(dotnet::Enum)]` into the enum's trait implementations and its errors.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let numbered = parse::dotnet_enum(item, &mut errors);
    quote!(#errors #numbered)
}

impl ToTokens for DotnetEnum {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let numbers = (!self.has_data).then(|| self.assert_numbers());
        let (variants, serde) = (self.variants(), self.serde());
        tokens.extend(quote! {
            #[doc(hidden)]
            #[allow(deprecated)]
            const _: () = {
                #numbers
                #variants
                #serde
            };
        });
    }
}

impl DotnetEnum {
    /// Asserts that all numbers fit into an `i64`; otherwise they would be truncated silently.
    fn assert_numbers(&self) -> TokenStream {
        let name = &self.rust_name;
        let asserts = self.variants.iter().map(|DotnetVariant { rust_name, .. }| {
            let span = located(rust_name.span());
            quote_spanned!(span=> ::core::assert!(
                #name::#rust_name as i128 == #name::#rust_name as i64 as i128,
                "the number of a variant is larger than `i64::MAX`",
            );)
        });
        quote!(const _: () = { #(#asserts)* };)
    }

    fn variants(&self) -> TokenStream {
        let (rust_name, name) = (&self.rust_name, &self.name);
        let names = self.variants.iter().map(|variant| &variant.name);
        let mut variants = Vec::new();
        let mut positions = Vec::new();
        for (position, variant) in (0_u32..).zip(&self.variants) {
            variants.push(self.variant(position, variant));
            let variant = &variant.rust_name;
            let position = position as usize;
            positions.push(quote!(Self::#variant { .. } => #position));
        }
        quote! {
            #[automatically_derived]
            impl ::hubwire::__private::dotnet::Enum for #rust_name {
                const NAME: &'static str = #name;
                const NAMES: &'static [&'static str] = &[#(#names),*];
                const VARIANTS: &'static [::hubwire::__private::dotnet::Variant<Self>] =
                    &[#(#variants),*];

                fn variant(&self) -> &'static ::hubwire::__private::dotnet::Variant<Self> {
                    let position = match self { #(#positions),* };
                    &<Self as ::hubwire::__private::dotnet::Enum>::VARIANTS[position]
                }
            }
        }
    }

    fn variant(&self, position: u32, variant: &DotnetVariant) -> TokenStream {
        let DotnetVariant {
            rust_name,
            name,
            aliases,
        } = variant;
        let (number, value) = if self.has_data {
            (quote!(0), quote!(::core::unreachable!()))
        } else {
            (quote!(Self::#rust_name as i64), quote!(Self::#rust_name))
        };
        quote! {
            ::hubwire::__private::dotnet::Variant::new(
                #position, #number, #name, &[#(#aliases),*], || #value,
            )
        }
    }

    fn serde(&self) -> TokenStream {
        let rust_name = &self.rust_name;
        quote! {
            #[automatically_derived]
            impl ::hubwire::__private::serde::Serialize for #rust_name {
                fn serialize<S: ::hubwire::__private::serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    ::hubwire::__private::dotnet::serialize_enum(self, serializer)
                }
            }

            #[automatically_derived]
            impl<'de> ::hubwire::__private::serde::Deserialize<'de> for #rust_name {
                fn deserialize<D: ::hubwire::__private::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    ::hubwire::__private::dotnet::deserialize_enum(deserializer)
                }
            }
        }
    }
}
