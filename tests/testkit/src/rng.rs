/// Pseudorandom numbers from a seed (`SplitMix64`), so that a run can be repeated.
#[derive(Clone, Debug)]
pub struct SeededRng(u64);

impl SeededRng {
    /// A generator with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to just below 1.
    pub fn throw(&mut self) -> f64 {
        f64::from(u32::try_from(self.number() >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
    }

    /// One of `0..sides`.
    pub fn pick(&mut self, sides: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(sides.max(1)).unwrap_or(1)).unwrap_or_default()
    }
}
