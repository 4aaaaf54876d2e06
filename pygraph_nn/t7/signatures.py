"""What a file that is no .t7 looks like from its first bytes, so that the error can say so."""

__all__ = ["recognise"]

_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive (what today's PyTorch saves, or an .npz)"),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "a file of PyTorch before 1.6, a pickle"),
    (b"\x1f\x8b", "gzip data: unpack it first"),
    (b"BZh", "bzip2 data: unpack it first"),
    (b"\xfd7zXZ", "xz data: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstandard data: unpack it first"),
    (b"7z\xbc\xaf", "a 7-zip archive: unpack it first"),
    (b"Rar!", "a rar archive: unpack it first"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x93NUMPY", "a numpy array (.npy)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"\x1bL", "Lua bytecode"),
    (b"\x7fELF", "a program"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself: run `git lfs pull`"),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<")


def recognise(head):
    """Say what the bytes at a file's start look like; they are known not to be the start of a .t7.

    >>> recognise(b"<!DOCTYPE html><html>")
    'a web page (HTML), perhaps the error page of a failed download'
    """
    if not head:
        return "an empty file"
    for signature, words in _SIGNATURES:
        if head.startswith(signature):
            return words
    if head[0] == 0x80 and len(head) > 1 and 2 <= head[1] <= 5:
        return "a Python pickle"
    if not head.strip(b"\0"):
        return "a file of zeros, perhaps an interrupted download"
    if head[:3] == b"\0\0\0" and head[3] <= 8:
        return "a .t7 in big-endian byte order; save it on that machine as ascii"
    if head[257:262] == b"ustar":
        return "a tar archive: unpack it first"
    if head[8:10] == b'{"':
        return "a safetensors file"
    return _recognise_text(head)


def _recognise_text(head):
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_MARKUP[:3]):
        return "a web page (HTML), perhaps the error page of a failed download"
    if start.startswith(_MARKUP[3:]):
        return "XML or HTML text"
    if start.startswith((b"{", b"[")):
        return "JSON text"
    if all(byte >= 32 or byte in b"\t\r\n\f\x1b" for byte in head):
        return "text: " + repr(head[:40].decode("utf-8", "replace"))
    return "binary data of another kind: " + head[:16].hex(" ")
