/* Reads the binary updates of Yjs (version 1): which clocks of which client they bring. */
#include "load.h"

#include <string.h>

uint64_t read_varuint(Reader *reader) {
    uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
        if (reader->at >= reader->end) fail("a message ends inside a number");
        uint8_t byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    fail("a number of a message is too long");
}

const uint8_t *read_bytes(Reader *reader, size_t *size) {
    uint64_t wanted = read_varuint(reader);
    if (wanted > (uint64_t)(reader->end - reader->at)) fail("a message ends inside its bytes");
    const uint8_t *found = reader->at;
    reader->at += wanted;
    *size = wanted;
    return found;
}

size_t varuint_size(uint64_t value) {
    size_t size = 1;
    while (value >>= 7) size++;
    return size;
}

uint8_t *write_varuint(uint8_t *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t read_byte(Reader *reader) {
    if (reader->at >= reader->end) fail("an update ends too early");
    return *reader->at++;
}

static void skip(Reader *reader, size_t size) {
    if (size > (size_t)(reader->end - reader->at)) fail("an update ends too early");
    reader->at += size;
}

static void skip_text(Reader *reader) {
    size_t size;
    read_bytes(reader, &size);
}

/* The length of a text for Yjs: its UTF-16 units. */
static uint64_t read_text_length(Reader *reader) {
    size_t size;
    const uint8_t *bytes = read_bytes(reader, &size);
    uint64_t units = 0;
    for (size_t at = 0; at < size; at++) {
        units += (bytes[at] & 0xc0) != 0x80; /* each character begins with one such byte */
        units += bytes[at] >= 0xf0;          /* and a long one has two units */
    }
    return units;
}

static void skip_any(Reader *reader) {
    uint8_t kind = read_byte(reader);
    switch (kind) {
    case 119: skip_text(reader); break; /* a string */
    case 116: skip_text(reader); break; /* bytes */
    case 125: while (read_byte(reader) >= 0x80) {} break; /* an integer */
    case 124: skip(reader, 4); break;
    case 123: case 122: skip(reader, 8); break;
    case 117: /* a list */
        for (uint64_t left = read_varuint(reader); left; left--) skip_any(reader);
        break;
    case 118: /* an object */
        for (uint64_t left = read_varuint(reader); left; left--) skip_text(reader), skip_any(reader);
        break;
    case 126: case 127: case 121: case 120: break; /* null, undefined, false, true */
    default: fail("an update has a value of the unknown kind %u", kind);
    }
}

static void skip_id(Reader *reader) {
    read_varuint(reader);
    read_varuint(reader);
}

/* Return the clocks that the content of an item takes. */
static uint64_t read_content(Reader *reader, uint8_t kind) {
    uint64_t count, left;
    switch (kind) {
    case 1: return read_varuint(reader); /* deleted */
    case 2:                              /* JSON */
        for (count = left = read_varuint(reader); left; left--) skip_text(reader);
        return count;
    case 3: skip_text(reader); return 1; /* bytes */
    case 4: return read_text_length(reader);
    case 5: skip_text(reader); return 1; /* an embed */
    case 6: skip_text(reader), skip_text(reader); return 1; /* a format */
    case 7: {                            /* a type; XML elements and hooks have a name */
        uint64_t type = read_varuint(reader);
        if (type == 3 || type == 5) skip_text(reader);
        return 1;
    }
    case 8: /* any values */
        for (count = left = read_varuint(reader); left; left--) skip_any(reader);
        return count;
    case 9: skip_text(reader), skip_any(reader); return 1; /* a document */
    default: fail("an update has content of the unknown kind %u", kind);
    }
}

static uint64_t read_struct(Reader *reader) {
    uint8_t info = read_byte(reader), kind = info & 31;
    if (kind == 0 || kind == 10) return read_varuint(reader); /* collected, or skipped */
    if (info & 0x80) skip_id(reader);
    if (info & 0x40) skip_id(reader);
    if (!(info & 0xc0)) { /* no neighbour: the parent is named */
        if (read_varuint(reader) == 1) skip_text(reader);
        else skip_id(reader);
        if (info & 0x20) skip_text(reader);
    }
    return read_content(reader, kind);
}

static void tell(Connection *connection, uint64_t client, uint64_t from, uint64_t to) {
    if (client == plan.seed_client) {
        if (to > connection->seed_seen) connection->seed_seen = to;
    } else if (!plan.markers && client >= FIRST_CLIENT && to > from) {
        deliver(connection, client - FIRST_CLIENT, from, to, false);
    }
}

/* Count the clocks of an update: an edit takes one clock of its writer's client. Servers may send
 * several edits as one struct or one frame, so neither structs nor frames are counted. */
void read_update(Connection *connection, Reader reader) {
    for (uint64_t clients = read_varuint(&reader); clients; clients--) {
        uint64_t structs = read_varuint(&reader), client = read_varuint(&reader);
        uint64_t clock = read_varuint(&reader), from = clock;
        for (; structs; structs--) {
            bool is_skipped = reader.at < reader.end && (*reader.at & 31) == 10;
            uint64_t taken = read_struct(&reader);
            if (is_skipped) {
                tell(connection, client, from, clock);
                from = clock + taken;
            }
            clock += taken;
        }
        tell(connection, client, from, clock);
    }
}
