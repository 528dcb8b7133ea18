"""Every bound of the protocol in one place (spec/protocol.md gives the same numbers)."""

FRAME_HEADER = 3
RECORD_MAX = 65_535
RECORD_MIN = 17
TAG = 16
PLAINTEXT_MAX = RECORD_MAX - TAG
MUX_HEADER = 4
REKEY_RECORDS = 65_536
REKEY_SECONDS = 15 * 60
SMALL_PADDING = 256

HELLO = 96
WELCOME = 96
FAILURE = 16
CERTIFICATE = 210
HANDSHAKE_1 = 32 + 1184 + 32 + TAG
HANDSHAKE_2 = 32 + 32 + TAG + CERTIFICATE + 1088 + 32 + 8 + TAG
REQUEST = 4096
HANDSHAKE_3 = 32 + TAG + REQUEST + TAG

HANDSHAKE_SECONDS = 10.0
CONSENT_SECONDS = 30
GRACE_SECONDS = 120

#: Signed statements (protocol/grants.py), in bytes with their signatures; a credential is Request.grant.
DELEGATION = 512
ENDORSEMENT = 512
GRANT = 1528
CREDENTIAL = 2048
HOST_PROOF = 1040
ENROL_TOKEN = 900
#: A grant may be used for so many seconds.
GRANT_SECONDS = 300
#: Clocks differ: an endorsement may be dated so many seconds ahead of its reader's clock.
EARLY_SECONDS = 86_400

#: First credit and largest message in bytes, by channel number.
CREDIT = {
    2: 256 << 10, 3: 256 << 10, 4: 256 << 10, 5: 1 << 20, 6: 16 << 20,
    7: 1 << 20, 8: 256 << 10, 9: 256 << 10, 10: 2 << 20,
}  # fmt: skip
MESSAGE_MAX = {
    1: 4096, 2: 64 << 10, 3: 16 << 10, 4: 64 << 10, 5: 512 << 10, 6: 8 << 20,
    7: 1 << 20, 8: 64 << 10, 9: 1 << 20, 10: 256 << 10,
}  # fmt: skip
