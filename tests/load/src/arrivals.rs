//! Arrival times of customers: random and independent of each other (a Poisson process).

use std::time::Duration;

/// The arrival times after the start, in order, on average `rate` a second.
pub fn poisson(rate: f64, seconds: u32, rng: &mut fastrand::Rng) -> Vec<Duration> {
    let mut moments = Vec::new();
    let mut at = 0.0;
    loop {
        // The time between two arrivals is exponentially distributed; 1 - x is never 0.
        at += -(1.0 - rng.f64()).ln() / rate;
        if at >= f64::from(seconds) {
            return moments;
        }
        moments.push(Duration::from_secs_f64(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_come_in_order_as_often_as_they_should_and_the_same_for_a_seed() {
        let come = |seed| poisson(50.0, 100, &mut fastrand::Rng::with_seed(seed));
        let moments = come(1);
        assert!(moments.is_sorted());
        assert!(moments.last().is_some_and(|last| *last < Duration::from_secs(100)));
        // 5,000 on average, plus or minus three standard deviations, each the square root of the
        // mean.
        assert!((4788..5212).contains(&moments.len()), "{}", moments.len());
        assert_eq!(moments, come(1));
        assert_ne!(moments, come(2));
    }

    #[test]
    fn gaps_are_uneven() {
        let moments = poisson(10.0, 100, &mut fastrand::Rng::with_seed(1));
        let gaps = moments.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        // About two in five exponential gaps are shorter than half their mean.
        let short = gaps.filter(|gap| *gap < Duration::from_millis(50)).count();
        assert!(short * 10 > moments.len() * 3 && short * 2 < moments.len(), "{short} of {}", moments.len());
    }
}
