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
        let (high, low) = (self.draw(of), self.draw(of));
        uuid(high, low)
    }

    /// A uid that depends on the seed and the text alone, so that it changes no later draw.
    pub(crate) fn stable_uid(&self, of: &str) -> String {
        let high = mix(fnv1a_64(of.as_bytes()) ^ self.seed);
        uuid(high, mix(high))
    }

    fn draw(&mut self, text: &str) -> u64 {
        self.drawn += 1;
        mix(fnv1a_64(text.as_bytes()) ^ mix(self.seed ^ self.drawn.rotate_left(32)))
    }
}

/// A five-character suffix that depends on the text alone.
pub(crate) fn stable_suffix(text: &str) -> String {
    letters(mix(fnv1a_64(text.as_bytes())))
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

fn uuid(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48) & 0x3fff,
        low & 0xffff_ffff_ffff
    )
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

/// FNV-1a, 64 bits.
fn fnv1a_64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of splitmix64.
fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
