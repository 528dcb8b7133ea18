/** Written by script/gen_messages.py from src/farhand/protocol/limits.py: change that and run it again. */

export const FRAME_HEADER = 3;
export const RECORD_MAX = 65535;
export const RECORD_MIN = 17;
export const TAG = 16;
export const PLAINTEXT_MAX = 65519;
export const MUX_HEADER = 4;
export const REKEY_RECORDS = 65536;
export const REKEY_SECONDS = 900;
export const SMALL_PADDING = 256;
export const HELLO = 96;
export const WELCOME = 96;
export const FAILURE = 16;
export const CERTIFICATE = 210;
export const HANDSHAKE_1 = 1264;
export const HANDSHAKE_2 = 1434;
export const REQUEST = 4096;
export const HANDSHAKE_3 = 4160;
export const HANDSHAKE_SECONDS = 10;
export const CONSENT_SECONDS = 30;
export const GRACE_SECONDS = 120;
export const DELEGATION = 512;
export const ENDORSEMENT = 512;
export const GRANT = 1528;
export const CREDENTIAL = 2048;
export const HOST_PROOF = 1040;
export const ENROL_TOKEN = 900;
export const GRANT_SECONDS = 300;
export const EARLY_SECONDS = 86400;

/** By channel number. */
export const CREDIT: readonly number[] = [0, 0, 262144, 262144, 262144, 1048576, 16777216, 1048576, 262144, 262144, 2097152];

/** By channel number. */
export const MESSAGE_MAX: readonly number[] = [0, 4096, 65536, 16384, 65536, 524288, 8388608, 1048576, 65536, 1048576, 262144];
