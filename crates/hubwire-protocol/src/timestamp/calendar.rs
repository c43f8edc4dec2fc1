//! Days and dates of the proleptic Gregorian calendar.
//!
//! Years begin in March, which makes the leap day the last day of a year. This follows Howard
//! Hinnant's "chrono-compatible low-level date algorithms".

/// The number of days between 0000-03-01 and 1970-01-01.
const BEFORE_EPOCH: i64 = 719_468;
/// The number of days in 400 years.
const ERA: i64 = 146_097;

/// Returns the number of days from 1970-01-01 to a date.
pub(crate) const fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA + day_of_era - BEFORE_EPOCH
}

/// Returns the year, month and day that lie `days` days after 1970-01-01.
pub(crate) const fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + BEFORE_EPOCH;
    let era = days.div_euclid(ERA);
    let day_of_era = days.rem_euclid(ERA);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year, month, day)
}

/// Returns the number of days in a month.
pub(crate) const fn days_of_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_are_inverse() {
        let mut expected = days_from_date(1, 1, 1);
        assert_eq!(expected, -719_162);
        for year in 1..=9999 {
            for month in 1..=12 {
                for day in 1..=days_of_month(year, month) {
                    assert_eq!(days_from_date(year, month, day), expected);
                    assert_eq!(date_from_days(expected), (year, month, day));
                    expected += 1;
                }
            }
        }
        assert_eq!(days_from_date(1970, 1, 1), 0);
        assert_eq!(expected, 2_932_897);
    }
}
