//! Random choices that a seed repeats.

/// `SplitMix64`: the same numbers everywhere and for ever.
#[derive(Debug, Clone)]
pub(crate) struct Lots(u64);

impl Lots {
    /// Those of that seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next of them.
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// Less than that.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.draw() % end).unwrap()
    }

    /// One of them.
    pub(crate) fn of_these<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())]
    }

    /// From 0 to 1, in thousandths.
    pub(crate) fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.below(1001)).unwrap()) / 1000.0
    }
}

#[test]
fn a_seed_repeats_its_lots() {
    let drawn = |seed| {
        let mut lots = Lots::of(seed);
        [lots.draw(), lots.draw()]
    };
    // the reference implementation's first numbers
    assert_eq!(drawn(0), [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    assert_ne!(drawn(1), drawn(2));
}
