use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, canonical: &str) {
    let quantity: Quantity = text.parse().expect("a quantity");
    assert_eq!(quantity.to_string(), canonical, "{text}");
}

#[track_caller]
fn refuse(text: &str, message: &str) {
    let error = text.parse::<Quantity>().expect_err("no quantity");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn canonical_forms() {
    check("0", "0");
    check("1.5Gi", "1536Mi");
    check("0.5", "500m");
    check("1000m", "1");
    check("1e3", "1e3");
    check("12e2", "1200");
    check("1E", "1E");
    check("1024Ki", "1Mi");
    check("1023", "1023");
    check("0.5Ki", "512");
    check("100Ki", "100Ki");
    check("0.1n", "1n");
    check("-0.1n", "-1n");
    check("1.0000000001", "1000000001n");
    check("123456789", "123456789");
    check("1000k", "1M");
    check("+5", "5");
    check("0.3Gi", "322122547200m");
    check("9Ei", "9223372036854775807");
    check(".5", "500m");
    check("1.", "1");
}

#[test]
fn values_round_up() {
    let quantity: Quantity = "1500m".parse().expect("a quantity");
    assert_eq!((quantity.value(), quantity.milli_value()), (2, 1500));
    let quantity: Quantity = "100n".parse().expect("a quantity");
    assert_eq!((quantity.value(), quantity.milli_value()), (1, 1));
    let huge: Quantity = "1e100".parse().expect("a quantity");
    assert_eq!(huge.value(), i64::MAX);
}

#[test]
fn errors_say_what_was_expected() {
    refuse("", "empty");
    refuse("12Gx", "expected a sign, digits");
    refuse("12Gm", "unknown suffix `Gm`");
    refuse("one", "expected a sign, digits");
    refuse("1 Gi", "expected a sign, digits");
    refuse("1e", "unknown suffix");
}

#[test]
fn sums_keep_the_left_format_unless_it_is_zero() {
    let left: Quantity = "1Gi".parse().expect("a quantity");
    let right: Quantity = "1G".parse().expect("a quantity");
    assert_eq!(left.add(&right).format(), Format::BinarySI);
    assert_eq!(Quantity::ZERO.add(&left).format(), Format::BinarySI);
}

fn any_quantity_text() -> impl Strategy<Value = String> {
    let suffix = prop::sample::select(vec!["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3", "e-3"]);
    (any::<bool>(), 0u64..10_000_000, prop::option::of(0u32..1000), suffix).prop_map(
        |(negative, whole, fraction, suffix)| {
            let sign = if negative { "-" } else { "" };
            let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
            format!("{sign}{whole}{fraction}{suffix}")
        },
    )
}

proptest! {
    #[test]
    fn printing_and_reading_again_keeps_the_value(text in any_quantity_text()) {
        let quantity: Quantity = text.parse().expect("a quantity");
        let printed = quantity.to_string();
        let again: Quantity = printed.parse().expect("a quantity");
        prop_assert_eq!(quantity, again);
        prop_assert_eq!(printed, again.to_string());
    }

    #[test]
    fn order_agrees_with_milli_values(a in any_quantity_text(), b in any_quantity_text()) {
        let (a, b): (Quantity, Quantity) = (a.parse().expect("a quantity"), b.parse().expect("a quantity"));
        if a <= b {
            prop_assert!(a.milli_value() <= b.milli_value());
            prop_assert!(a.value() <= b.value());
        }
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    }

    #[test]
    fn adding_is_associative_and_commutative(
        a in any_quantity_text(), b in any_quantity_text(), c in any_quantity_text(),
    ) {
        let parse = |text: &str| text.parse::<Quantity>().expect("a quantity");
        let (a, b, c) = (parse(&a), parse(&b), parse(&c));
        prop_assert_eq!(a.add(&b).add(&c), a.add(&b.add(&c)));
        prop_assert_eq!(a.add(&b), b.add(&a));
        prop_assert_eq!(a.add(&b).sub(&b), a);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,12}") {
        let _ = text.parse::<Quantity>();
    }
}
