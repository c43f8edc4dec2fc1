//! Conversions from and to `rust_decimal`, which has the same range and precision as .NET's
//! decimals.

use rust_decimal::Decimal as Foreign;

use super::Decimal;

impl From<Foreign> for Decimal {
    fn from(decimal: Foreign) -> Self {
        // It never has more digits or decimal places than ours.
        Self::new(decimal.mantissa(), decimal.scale()).unwrap_or_default()
    }
}

impl From<Decimal> for Foreign {
    fn from(decimal: Decimal) -> Self {
        let digits = decimal.mantissa().unsigned_abs();
        let part = |shift: u32| (digits >> shift) as u32;
        Self::from_parts(
            part(0),
            part(32),
            part(64),
            decimal.mantissa() < 0,
            decimal.scale(),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dotnet::tests::any_decimal;

    proptest! {
        #[test]
        fn there_and_back(decimal in any_decimal()) {
            let foreign = Foreign::from(decimal);
            prop_assert_eq!(foreign.to_string(), decimal.to_string());
            let back = Decimal::from(foreign);
            prop_assert_eq!((back.mantissa(), back.scale()), (decimal.mantissa(), decimal.scale()));
        }
    }

    #[test]
    fn there_is_one_zero() {
        let zero = Decimal::from(-Foreign::ZERO);
        assert_eq!(zero.to_string(), "0");
    }
}
