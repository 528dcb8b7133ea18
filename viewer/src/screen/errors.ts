/** The host described a picture that cannot be: the session ends with a protocol error. */
export class PictureError extends Error {
  override readonly name = "PictureError";
}
