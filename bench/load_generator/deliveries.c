/* Counts deliveries: each connection of a document must get each edit of the other ones. */
#define _GNU_SOURCE
#include "load.h"

#include <stdlib.h>
#include <string.h>

#define MOST_UNSENT (256 * 1024) /* bytes that wait for a writer's socket; then it pauses */
#define MOST_MARKERS 4096        /* in one frame */

/* --- sending ------------------------------------------------------------------------------ */

static bool can_send(const Writer *writer) {
    const Connection *connection = writer->connection;
    if (writer->sent >= writer->stream->count || connection->state != READY) return false;
    if (plan.in_flight && writer->sent - writer->acked >= plan.in_flight) return false;
    return connection->out.size - connection->out.sent < MOST_UNSENT;
}

/* Let the next writer that can send its next edit; false when no writer can. */
bool send_next(uint64_t stamp) {
    static size_t turn = 0;
    if (plan.most_edits && counts.all_edits >= plan.most_edits) return false;
    for (size_t tried = 0; tried < plan.writer_count; tried++) {
        Writer *writer = &plan.writers[turn];
        turn = turn + 1 == plan.writer_count ? 0 : turn + 1;
        if (!can_send(writer)) continue;
        uint32_t number = writer->sent++;
        writer->stamps[number] = stamp;
        writer->waiting[number] = writer->connection->document->connections - 1;
        counts.in_flight += writer->waiting[number] > 0;
        counts.all_edits++;
        counts.edits += counts.measures;
        if (plan.rate > 0 && !plan.in_flight && counts.measures)
            add_to(&counts.late, (now - stamp) / 1000);
        send_edit(writer, number);
        return true;
    }
    return false;
}

/* --- arrivals ----------------------------------------------------------------------------- */

static void arrive(Writer *writer, uint32_t number) {
    if (writer->waiting[number] == 0) fail("an edit came to more connections than there are");
    if (--writer->waiting[number] == 0) counts.in_flight--;
}

/* A connection has got the edits `from` to before `to` of a stream. A merged change may leave out
 * edits that a later one has overwritten; a lossy run may leave out any but the last. */
void deliver(Connection *connection, uint64_t stream, uint64_t from, uint64_t to, bool is_merged) {
    if (stream >= plan.stream_count) return;
    Writer *writer = connection->document->writers[stream];
    if (writer == NULL) return;
    if ((int)stream == connection->stream) return; /* its own edit comes back */
    uint32_t expected = connection->seen[stream];
    if (to <= expected) return;
    if (to > writer->sent) fail("a client got edit %lu, which was not sent", (unsigned long)to - 1);
    if (from > expected && !plan.lossy && !is_merged)
        fail("a client of %s lacks %lu edits before edit %lu", connection->document->name,
             (unsigned long)(from - expected), (unsigned long)from);
    for (uint32_t number = expected; number < to; number++) {
        arrive(writer, number);
        if (number < from && plan.lossy) continue;
        counts.all_deliveries++;
        if (!counts.measures) continue;
        counts.deliveries++;
        if (writer->stamps[number] >= counts.begin)
            add_to(&counts.latencies, (now - writer->stamps[number]) / 1000);
    }
    connection->seen[stream] = (uint32_t)to;
}

/* --- markers in text: @e3.17@ is edit 17 of stream 3 ---------------------------------------- */

typedef struct {
    uint64_t stream, number;
} Marker;

static bool read_marker(const char **text, const char *end, Marker *marker) {
    const char *at = *text;
    uint64_t *parts[] = {&marker->stream, &marker->number};
    for (int part = 0; part < 2; part++) {
        const char *start = at;
        for (*parts[part] = 0; at < end && *at >= '0' && *at <= '9'; at++)
            *parts[part] = *parts[part] * 10 + (uint64_t)(*at - '0');
        if (at == start || at >= end || *at != ".@"[part]) return false;
        at++;
    }
    *text = at;
    return true;
}

static int by_number(const void *one, const void *other) {
    const Marker *a = one, *b = other;
    if (a->stream != b->stream) return a->stream < b->stream ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void find_markers(Connection *connection, const char *text, size_t size, bool is_merged) {
    static Marker found[MOST_MARKERS];
    size_t count = 0;
    const char *end = text + size;
    while ((text = memmem(text, (size_t)(end - text), "@e", 2)) != NULL) {
        text += 2;
        if (!read_marker(&text, end, &found[count])) continue;
        if (++count == MOST_MARKERS) fail("a frame has more than %d edits", MOST_MARKERS - 1);
    }
    if (count > 1) qsort(found, count, sizeof *found, by_number);
    for (size_t at = 0; at < count; at++)
        deliver(connection, found[at].stream, found[at].number, found[at].number + 1, is_merged);
}

/* --- histograms: 1 µs up to 256 µs, then 128 steps for each power of two --------------------- */

static size_t bucket(uint64_t value) {
    if (value < 256) return value;
    int power = 63 - __builtin_clzll(value);
    size_t found = 256 + (size_t)(power - 8) * 128 + ((value >> (power - 7)) & 127);
    return found < 4096 ? found : 4095;
}

static double lowest(size_t bucket) {
    if (bucket < 256) return (double)bucket;
    size_t power = (bucket - 256) / 128 + 8, step = (bucket - 256) % 128;
    return (double)((128 + step) << (power - 7));
}

void add_to(Histogram *histogram, uint64_t microseconds) {
    histogram->counts[bucket(microseconds)]++;
    histogram->total++;
}

/* The microseconds that a share of the values does not exceed; 0 for an empty histogram. */
double percentile(const Histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)(share * (double)histogram->total), counted = 0;
    for (size_t at = 0; at < 4096; at++) {
        counted += histogram->counts[at];
        if (counted > wanted) return lowest(at);
    }
    return 0;
}
