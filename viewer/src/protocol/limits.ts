/** Every bound of the protocol in one place: those of limits.py, and sizes that Python's libraries know. */
export * from "../gen/limits";

/** An ML-KEM-768 encapsulation key and ciphertext (FIPS 203, table 3), in bytes. */
export const KEM_KEY = 1184;
export const KEM_CIPHERTEXT = 1088;
