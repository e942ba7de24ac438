//! Names and uids the API server would draw at random: here drawn from the seed, so that a run repeats to the byte.

/// The alphabet of generated suffixes and of pod-template hashes (apimachinery `util/rand`).
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Draws names and uids. Value-stable: the same seed draws the same names for ever.
#[derive(Debug, Clone)]
pub(crate) struct NameGenerator {
    seed: u64,
    drawn: u64,
}

impl NameGenerator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A five-character suffix as `generateName` gives.
    pub(crate) fn suffix(&mut self, prefix: &str) -> String {
        letters(self.draw(prefix))
    }

    /// A uid in the form of a UUID.
    pub(crate) fn uid(&mut self, of: &str) -> String {
        self.draw_uid(&[of]).text()
    }

    /// The same for the text that the parts make, not written out: an object that has a uid draws one all the same, so
    /// that what is drawn after it does not depend on that.
    pub(crate) fn draw_uid(&mut self, of: &[&str]) -> Uid {
        let hash = of.iter().fold(FNV_64, |hash, part| fnv1a_64(hash, part.as_bytes()));
        Uid { high: self.mix(hash), low: self.mix(hash) }
    }

    /// A uid that depends on the seed and the text alone, so that it changes no later draw.
    pub(crate) fn stable_uid(&self, of: &str) -> String {
        let high = mix(fnv1a_64(FNV_64, of.as_bytes()) ^ self.seed);
        Uid { high, low: mix(high) }.text()
    }

    /// A number that depends on the seed and the text alone, so that it changes no later draw.
    pub(crate) fn stable_number(&self, of: &str) -> u64 {
        mix(fnv1a_64(FNV_64, of.as_bytes()) ^ self.seed)
    }

    fn draw(&mut self, text: &str) -> u64 {
        self.mix(fnv1a_64(FNV_64, text.as_bytes()))
    }

    fn mix(&mut self, hash: u64) -> u64 {
        self.drawn += 1;
        mix(hash ^ mix(self.seed ^ self.drawn.rotate_left(32)))
    }
}

/// A uid that was drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uid {
    high: u64,
    low: u64,
}

impl Uid {
    /// As the API shows it, of version 4. Every object has one: the digits are put down one by one, which takes a
    /// fifteenth of what `format!` does.
    pub(crate) fn text(self) -> String {
        let Uid { high, low } = self;
        let mut text = String::with_capacity(36);
        push_hex(&mut text, high >> 32, 8);
        text.push('-');
        push_hex(&mut text, high >> 16, 4);
        text.push_str("-4");
        push_hex(&mut text, high, 3);
        text.push('-');
        push_hex(&mut text, 0x8000 | (low >> 48) & 0x3fff, 4);
        text.push('-');
        push_hex(&mut text, low, 12);
        text
    }
}

/// The last `digits` hexadecimal digits of a number.
pub(crate) fn push_hex(text: &mut String, number: u64, digits: u32) {
    for place in (0..digits).rev() {
        let digit = (number >> (4 * place)) & 0xf;
        text.push(char::from(b"0123456789abcdef"[digit as usize]));
    }
}

/// A five-character suffix that depends on the text alone.
pub(crate) fn stable_suffix(text: &str) -> String {
    letters(stable_number(text))
}

/// A number that depends on the text alone.
pub(crate) fn stable_number(text: &str) -> u64 {
    mix(fnv1a_64(FNV_64, text.as_bytes()))
}

/// The pod-template-hash label of a template: FNV-1a in the safe alphabet, as upstream's `ComputeHash` encodes it.
/// Upstream hashes Go's in-memory form, which no other program can know; the letters differ, their form does not.
pub(crate) fn template_hash(template: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(template).unwrap_or_default();
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(|digit| char::from(ALPHABET[usize::from(digit) % 27])).collect()
}

/// The hash in a ControllerRevision's name: FNV-1 of its data, in the safe alphabet (`HashControllerRevision`).
pub(crate) fn revision_hash(data: &serde_json::Value, collisions: i32) -> String {
    let text = format!("{data}{collisions}");
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(byte));
    hash.to_string().bytes().map(|digit| char::from(ALPHABET[usize::from(digit) % 27])).collect()
}

/// Five letters of the alphabet.
fn letters(mut bits: u64) -> String {
    let mut next = || {
        let letter = ALPHABET[(bits % 27) as usize];
        bits /= 27;
        char::from(letter)
    };
    (0..5).map(|_| next()).collect()
}

/// What FNV-1a of 64 bits begins with.
const FNV_64: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits, of what was hashed before and these bytes after it.
fn fnv1a_64(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of splitmix64.
fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::{NameGenerator, Uid};

    #[test]
    fn uids_are_those_that_were_always_drawn() {
        let uid = Uid { high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210 };
        assert_eq!(uid.text(), "01234567-89ab-4def-bedc-ba9876543210");
        let whole = NameGenerator::new(7).uid("Pod/default/web-0");
        let parts = NameGenerator::new(7).draw_uid(&["Pod", "/", "default", "/", "web-0"]).text();
        assert_eq!(whole, parts);
    }
}
