/** Every bound of the protocol in one place; src/farhand/protocol/limits.py has the same names and numbers. */

export const FRAME_HEADER = 3;
export const RECORD_MAX = 65_535;
export const RECORD_MIN = 17;
export const TAG = 16;
export const PLAINTEXT_MAX = RECORD_MAX - TAG;
export const MUX_HEADER = 4;
export const REKEY_RECORDS = 65_536;
export const REKEY_SECONDS = 15 * 60;
export const SMALL_PADDING = 256;

export const HELLO = 96;
export const WELCOME = 96;
export const FAILURE = 16;
export const CERTIFICATE = 210;
export const KEM_KEY = 1184;
export const KEM_CIPHERTEXT = 1088;
export const HANDSHAKE_1 = 32 + KEM_KEY + 32 + TAG;
export const HANDSHAKE_2 = 32 + 32 + TAG + CERTIFICATE + KEM_CIPHERTEXT + 32 + 8 + TAG;
export const REQUEST = 4096;
export const HANDSHAKE_3 = 32 + TAG + REQUEST + TAG;

export const HANDSHAKE_SECONDS = 10;
export const CONSENT_SECONDS = 30;
export const GRACE_SECONDS = 120;

/** First credit in bytes by channel number; channel 1 needs none. */
export const CREDIT: readonly number[] = [
  0, 0, 256 << 10, 256 << 10, 256 << 10, 1 << 20, 16 << 20, 1 << 20, 256 << 10, 256 << 10, 1 << 20,
];

/** Largest message in bytes by channel number. */
export const MESSAGE_MAX: readonly number[] = [
  0, 4096, 64 << 10, 16 << 10, 64 << 10, 512 << 10, 8 << 20, 1 << 20, 64 << 10, 1 << 20, 256 << 10,
];
