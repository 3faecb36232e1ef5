// Uploads, and pictures made for them.
import { crc32, deflateSync } from "node:zlib";
import { request } from "./client.mjs";

// One file as multipart/form-data, with fields before it.
export function formOf(name, data, { type = "application/octet-stream", fields = {} } = {}) {
    const texts = Object.entries(fields).map(([key, value]) => `--b\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`).join("");
    return { raw: Buffer.concat([Buffer.from(`${texts}--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`), Buffer.from(data), Buffer.from("\r\n--b--\r\n")]),
        headers: { "content-type": "multipart/form-data; boundary=b" } };
}

export function upload(path, token, name, data, { headers = {}, ...options } = {}) {
    const form = formOf(name, data, options);
    return request("POST", path, { token, raw: form.raw, headers: { ...form.headers, ...headers } });
}

const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]), out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
};

// A PNG of one colour, as large as it claims to be or not; texts stand in chunks of their own.
export function pngOf(width, height, { claimed = [width, height], text = "" } = {}) {
    const head = Buffer.alloc(13);
    head.writeUInt32BE(claimed[0], 0);
    head.writeUInt32BE(claimed[1], 4);
    head.set([8, 2, 0, 0, 0], 8);
    const rows = Buffer.alloc((width * 3 + 1) * height, 0x55);
    for (let i = 0; i < height; i++) rows[i * (width * 3 + 1)] = 0;
    return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), ...(text ? [chunk("tEXt", Buffer.from(`Comment\0${text}`))] : []), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

// What a route that takes uploads accepts, from its sample.
export function sampleOf(route) {
    if (route.media) return { raw: "email,name\n", headers: { "content-type": route.media } };
    return formOf(route.sample ?? "sample.png", route.sample?.endsWith(".pdf") ? "%PDF-1.4\nsample\n" : pngOf(2, 2));
}

// A JPEG of 32 × 16 pixels, left red and right blue, with Exif's orientation and a text in its head.
const jpeg = Buffer.from("/9j/4AAQSkZJRgABAQEAYABgAAD//gA7Q1JFQVRPUjogZ2QtanBlZyB2MS4wICh1c2luZyBJSkcgSlBFRyB2NjIpLCBxdWFsaXR5ID0gODAK/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykqKRkfLTAtKDAlKCko/9sAQwEHBwcKCAoTCgoTKBoWGigoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo/8AAEQgAEAAgAwEiAAIRAQMRAf/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/EAB8BAAMBAQEBAQEBAQEAAAAAAAABAgMEBQYHCAkKC//EALURAAIBAgQEAwQHBQQEAAECdwABAgMRBAUhMQYSQVEHYXETIjKBCBRCkaGxwQkjM1LwFWJy0QoWJDThJfEXGBkaJicoKSo1Njc4OTpDREVGR0hJSlNUVVZXWFlaY2RlZmdoaWpzdHV2d3h5eoKDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uLj5OXm5+jp6vLz9PX29/j5+v/aAAwDAQACEQMRAD8A86ooor44/pE4Ciiiv7CP5WP/2Q==", "base64");
export function jpegOf(orientation, text = "") {
    const comment = Buffer.from(text), exif = Buffer.concat([Buffer.from("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", "latin1"), Buffer.from([orientation, 0, 0, 0, 0, 0, 0]), comment]);
    return Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 255]), exif, jpeg.subarray(2)]);
}
