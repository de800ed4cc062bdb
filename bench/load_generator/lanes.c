/* What a client of each server sends and reads: y-protocols, Hocuspocus, Weft's patches, ShareDB. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_AGAIN 20000000u    /* nanoseconds after an answer without the document's first content */
#define NO_ANSWER 10000000000u /* nanoseconds without an answer */

enum { SYNC = 0, AWARENESS = 1, AUTH = 2, SYNC_REPLY = 4, CLOSE = 7 };
enum { STEP_1 = 0, STEP_2 = 1, UPDATE = 2 };

/* --- opening ------------------------------------------------------------------------------ */

static void send_binary(Connection *connection, const uint8_t *bytes, size_t size) {
    uint8_t *payload = begin_frame(connection, 2, connection->prefix_size + size);
    memcpy(payload, connection->prefix, connection->prefix_size);
    memcpy(payload + connection->prefix_size, bytes, size);
    end_frame(connection, payload, connection->prefix_size + size);
}

/* Send the messages of the plan after the handshake. */
void greet(Connection *connection) {
    connection->state = SYNCING;
    for (size_t at = 0; at < connection->hellos; at++) {
        const uint8_t *hello = connection->hello[at];
        size_t size = connection->hello_sizes[at] - 1;
        uint8_t *payload = begin_frame(connection, hello[0], size);
        memcpy(payload, hello + 1, size);
        end_frame(connection, payload, size);
    }
    if (connection->lane <= LANE_HOCUSPOCUS) ask_for_document(connection);
}

/* Ask for everything: a sync step 1 with an empty state vector. */
void ask_for_document(Connection *connection) {
    send_binary(connection, (const uint8_t[]){SYNC, STEP_1, 1, 0}, 4);
    connection->ask_again = now + NO_ANSWER;
}

void become_ready(Connection *connection) {
    if (connection->state != SYNCING) return;
    connection->state = READY;
    add_to(&counts.opening, (now - connection->began) / 1000);
}

/* --- edits -------------------------------------------------------------------------------- */

static void send_yjs(Connection *connection, const uint8_t *edit, size_t size) {
    uint8_t head[2] = {plan.cursors ? AWARENESS : SYNC, UPDATE};
    size_t heads = plan.cursors ? 1 : 2;
    size_t whole = connection->prefix_size + heads + varuint_size(size) + size;
    uint8_t *payload = begin_frame(connection, 2, whole), *at = payload;
    memcpy(at, connection->prefix, connection->prefix_size);
    at += connection->prefix_size;
    memcpy(at, head, heads);
    at = write_varuint(at + heads, size);
    memcpy(at, edit, size);
    end_frame(connection, payload, whole);
}

static void send_json(Connection *connection, char *text, int size) {
    if (size < 0) fail("no memory");
    uint8_t *payload = begin_frame(connection, 1, (size_t)size);
    memcpy(payload, text, (size_t)size);
    end_frame(connection, payload, (size_t)size);
    free(text);
}

static char *json_edit(const Writer *writer, uint32_t number, const char *edit, int size, int *written) {
    const Connection *connection = writer->connection;
    char *text = NULL;
    if (connection->lane == LANE_SHAREDB)
        *written = asprintf(&text, "{\"a\":\"op\",\"c\":\"pages\",\"d\":\"%s\",\"v\":%lu,\"seq\":%u,"
                            "\"x\":{},\"op\":%.*s}", connection->document->name,
                            (unsigned long)connection->version, number + 1, size, edit);
    else if (plan.cursors)
        *written = asprintf(&text, "{\"type\":\"presence\",\"base\":%lu,\"state\":%.*s}",
                            (unsigned long)connection->version, size, edit);
    else
        *written = asprintf(&text, "{\"type\":\"patch\",\"id\":\"w%d.%u\",\"base\":%lu,\"ops\":%.*s}",
                            connection->stream, number, (unsigned long)connection->version, size, edit);
    return text;
}

void send_edit(Writer *writer, uint32_t number) {
    const Stream *stream = writer->stream;
    const uint8_t *edit = stream->bytes + stream->offsets[number];
    size_t size = stream->offsets[number + 1] - stream->offsets[number];
    if (writer->connection->lane <= LANE_HOCUSPOCUS) {
        send_yjs(writer->connection, edit, size);
    } else {
        int written = 0;
        char *text = json_edit(writer, number, (const char *)edit, (int)size, &written);
        send_json(writer->connection, text, written);
    }
}

/* --- y-protocols -------------------------------------------------------------------------- */

static void on_sync(Connection *connection, Reader *reader) {
    uint64_t step = read_varuint(reader);
    size_t size;
    const uint8_t *bytes = read_bytes(reader, &size);
    if (step == STEP_1) { /* this client has nothing that the server lacks: an empty update */
        send_binary(connection, (const uint8_t[]){SYNC, STEP_2, 2, 0, 0}, 5);
        return;
    }
    if (step > UPDATE) fail("a sync message has the unknown kind %lu", (unsigned long)step);
    read_update(connection, (Reader){bytes, bytes + size});
    if (plan.markers) find_markers(connection, (const char *)bytes, size, false);
    bool is_complete = connection->seed_seen >= plan.seed_clock;
    if (is_complete && (step == STEP_2 || plan.seed_clock)) become_ready(connection);
    else if (step == STEP_2) connection->ask_again = now + ASK_AGAIN;
}

void on_binary(Connection *connection, const uint8_t *bytes, size_t size) {
    if (connection->lane > LANE_HOCUSPOCUS) fail("the server has sent a binary message");
    Reader reader = {bytes, bytes + size};
    size_t length;
    while (reader.at < reader.end) {
        if (connection->lane == LANE_HOCUSPOCUS) read_bytes(&reader, &length);
        uint64_t kind = read_varuint(&reader);
        if (kind == SYNC || (kind == SYNC_REPLY && connection->lane == LANE_HOCUSPOCUS)) {
            on_sync(connection, &reader);
        } else if (kind == AWARENESS) {
            const char *states = (const char *)read_bytes(&reader, &length);
            if (plan.cursors) find_markers(connection, states, length, false);
        } else if (kind == AUTH) {
            if (reader.at < reader.end && *reader.at != 2) fail("the server has refused a client");
            return;
        } else if (kind == CLOSE && connection->lane == LANE_HOCUSPOCUS) {
            fail("the server has closed a document");
        } else {
            return; /* such as the status of a sync */
        }
    }
}

/* --- JSON lanes --------------------------------------------------------------------------- */

/* Return the largest number after a `"name":` of a text; -1 when the text has none. */
static int64_t largest_number(const char *text, size_t size, const char *name) {
    size_t length = strlen(name);
    int64_t found = -1;
    const char *end = text + size;
    while ((text = memmem(text, (size_t)(end - text), name, length)) != NULL) {
        text += length;
        int64_t number = 0;
        const char *at = text;
        for (; at < end && *at >= '0' && *at <= '9'; at++) number = number * 10 + (*at - '0');
        if (at > text && number > found) found = number;
    }
    return found;
}

static size_t occurrences(const char *text, size_t size, const char *wanted) {
    size_t count = 0, length = strlen(wanted);
    const char *end = text + size;
    for (; (text = memmem(text, (size_t)(end - text), wanted, length)) != NULL; text += length) count++;
    return count;
}

static bool has(const char *text, size_t size, const char *wanted) {
    return memmem(text, size, wanted, strlen(wanted)) != NULL;
}

static void count_acks(Connection *connection, uint32_t acks) {
    if (connection->stream >= 0)
        connection->document->writers[connection->stream]->acked += acks;
}

static void on_patch_text(Connection *connection, const char *text, size_t size) {
    if (connection->state == SYNCING) {
        if (!has(text, size, "\"type\":\"opened\"")) return;
        const char *version = memmem(text, size, "\"version\":", 10);
        connection->version = version ? strtoull(version + 10, NULL, 10) : 0;
        become_ready(connection);
        return;
    }
    if (has(text, size, "\"type\":\"reject\"") || has(text, size, "\"type\":\"error\""))
        fail("the server has refused an edit: %.*s", size < 200 ? (int)size : 200, text);
    if (connection->stream >= 0) {
        int64_t version = largest_number(text, size, "\"version\":");
        if (version > (int64_t)connection->version) connection->version = (uint64_t)version;
        count_acks(connection, (uint32_t)occurrences(text, size, "\"type\":\"ack\""));
    }
    find_markers(connection, text, size, has(text, size, "\"from\":"));
}

static void on_sharedb_text(Connection *connection, const char *text, size_t size) {
    if (has(text, size, "\"error\":{"))
        fail("the server has refused a message: %.*s", size < 200 ? (int)size : 200, text);
    if (connection->state == SYNCING) {
        if (!has(text, size, "\"a\":\"s\"")) return;
        int64_t version = largest_number(text, size, "\"v\":");
        if (version < 1) fail("the document does not exist: %.*s", size < 200 ? (int)size : 200, text);
        connection->version = (uint64_t)version;
        become_ready(connection);
        return;
    }
    if (!has(text, size, "\"a\":\"op\"")) return;
    if (connection->stream >= 0 && !has(text, size, "\"op\":[")) { /* the answer to its own edit */
        int64_t version = largest_number(text, size, "\"v\":");
        if (version >= 0) connection->version = (uint64_t)version + 1;
        count_acks(connection, 1);
    }
    find_markers(connection, text, size, false);
}

void on_text(Connection *connection, const char *text, size_t size) {
    if (connection->lane == LANE_PATCH) on_patch_text(connection, text, size);
    else if (connection->lane == LANE_SHAREDB) on_sharedb_text(connection, text, size);
    else fail("the server has sent a text to a Yjs client: %.*s", size < 100 ? (int)size : 100, text);
}
