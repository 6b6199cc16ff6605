//! Whole numbers in few bytes: what is left above the least of them, or above their neighbour, each byte in a plane of its own.
//!
//! `scale(1) how(1) [first(8)] least(8) width(1) planes`. Numbers that all are multiples of a thousand, a million or a thousand million
//! are divided first (times of microseconds). The planes of high bytes are nearly all the same, and compress to nothing.

use crate::block::reader::Reader;
use crate::block::torn::Torn;

const PLAIN: u8 = 0;
const DELTA: u8 = 1;
const SCALES: [i64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];

/// Appends the numbers; how many they are is for the reader to know.
pub(crate) fn put(out: &mut Vec<u8>, numbers: &[i64]) {
    let scale =
        (1..SCALES.len()).rev().find(|scale| numbers.iter().all(|number| number % SCALES[*scale] == 0)).unwrap_or(0);
    out.push(scale.to_le_bytes()[0]);
    if scale == 0 {
        put_scaled(out, numbers);
    } else {
        put_scaled(out, &numbers.iter().map(|number| number / SCALES[scale]).collect::<Vec<_>>());
    }
}

fn put_scaled(out: &mut Vec<u8>, numbers: &[i64]) {
    let deltas: Vec<i64> = numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let ((least, width), (least_delta, width_delta)) = (above(numbers), above(&deltas));
    if width_delta < width {
        out.push(DELTA);
        out.extend_from_slice(&numbers[0].to_le_bytes());
        put_planes(out, &deltas, least_delta, width_delta);
    } else {
        out.push(PLAIN);
        put_planes(out, numbers, least, width);
    }
}

/// The least number, and how many bytes the others take above it.
fn above(numbers: &[i64]) -> (i64, u8) {
    let (least, most) = (numbers.iter().min().copied().unwrap_or(0), numbers.iter().max().copied().unwrap_or(0));
    let bits = 64 - most.wrapping_sub(least).cast_unsigned().leading_zeros();
    (least, bits.div_ceil(8).to_le_bytes()[0])
}

fn put_planes(out: &mut Vec<u8>, numbers: &[i64], least: i64, width: u8) {
    out.extend_from_slice(&least.to_le_bytes());
    out.push(width);
    for plane in 0..usize::from(width) {
        out.extend(numbers.iter().map(|number| number.wrapping_sub(least).to_le_bytes()[plane]));
    }
}

/// Reads so many numbers.
pub(crate) fn get(from: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Torn> {
    let scale = *SCALES.get(usize::from(from.byte()?)).ok_or(Torn("a scale that there is not"))?;
    let mut numbers = match from.byte()? {
        PLAIN => get_planes(from, count)?,
        DELTA => sums(from.i64()?, get_planes(from, count.checked_sub(1).ok_or(Torn("differences of nothing"))?)?),
        _ => return Err(Torn("an unknown way to write numbers")),
    };
    if scale != 1 {
        numbers.iter_mut().for_each(|number| *number = number.wrapping_mul(scale));
    }
    Ok(numbers)
}

fn sums(first: i64, mut deltas: Vec<i64>) -> Vec<i64> {
    let mut sum = first;
    for delta in &mut deltas {
        (*delta, sum) = (sum, sum.wrapping_add(*delta));
    }
    deltas.push(sum);
    deltas
}

fn get_planes(from: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Torn> {
    let (least, width) = (from.i64()?, from.byte()?);
    if width > 8 {
        return Err(Torn("a number of more than eight bytes"));
    }
    let mut numbers = vec![0_i64; count];
    for plane in 0..width {
        for (number, byte) in numbers.iter_mut().zip(from.take(count)?) {
            *number |= i64::from(*byte) << (8 * plane);
        }
    }
    numbers.iter_mut().for_each(|number| *number = number.wrapping_add(least));
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_take_few_bytes() {
        let check = |numbers: &[i64], most: usize| {
            let mut out = Vec::new();
            put(&mut out, numbers);
            assert_eq!(get(&mut Reader(&out), numbers.len()).unwrap(), numbers);
            assert!(out.len() <= most, "{} bytes for {numbers:?}", out.len());
        };
        check(&[], 11);
        check(&[0], 11);
        check(&[7; 1_000], 11);
        check(&[i64::MIN, i64::MAX, 0, -1], 11 + 32);
        check(&(0..1_000).map(|number| 1_795_232_762_123_456_000 + 1_000_000 * number).collect::<Vec<_>>(), 19);
        check(&(0..1_000).map(|number| 200 + 100 * (number % 4)).collect::<Vec<_>>(), 11 + 2_000);
        check(&[1_000, 5_000_000, -9_000], 11 + 8);
    }
}
