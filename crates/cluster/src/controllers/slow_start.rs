//! Creating many pods carefully (`slowStartBatch` of pkg/controller/replicaset, and of the Job controller).

use crate::api_error::ApiError;

/// Creates in batches of 1, 2, 4 and so on, and stops after the first batch in which something was refused, so that a
/// cluster that refuses one pod is not asked for a thousand. A namespace that is being deleted refuses everything, and
/// that is no failure.
pub(crate) fn slow_start(count: usize, mut create: impl FnMut() -> Result<(), ApiError>) -> Result<(), ApiError> {
    let (mut left, mut batch) = (count, 1);
    while left > 0 {
        let size = batch.min(left);
        let mut first = Ok(());
        for _ in 0..size {
            match create() {
                Err(error) if !error.namespace_terminates => first = first.and(Err(error)),
                _ => {}
            }
        }
        first?;
        left -= size;
        batch *= 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::slow_start;
    use crate::api_error::ApiError;
    use crate::object::Kind;

    /// How many of ten are tried when those from the `refused`-th on are refused.
    fn check(refused: usize, tried: usize) {
        let mut calls = 0;
        let result = slow_start(10, || {
            calls += 1;
            if calls >= refused { Err(ApiError::forbidden(Kind::Pod, "p", "no")) } else { Ok(()) }
        });
        assert_eq!((calls, result.is_err()), (tried, refused <= 10));
    }

    #[test]
    fn the_batch_of_the_first_refusal_is_the_last() {
        check(1, 1);
        check(2, 3);
        check(4, 7);
        check(11, 10);
    }
}
