/* Runs a plan of `bench/load_generator/plan.py`, and prints the result as JSON. The phases are:
 * connect, wait for a line when the plan says `hold`, edit without and with measuring, wait for the
 * last deliveries, connect again when the plan says `storm`.
 */
#define _GNU_SOURCE
#include "load.h"

#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000.0
#define TO_CONNECT 120.0 /* seconds for all connections */

Counts counts;
uint64_t now;

static double own_cpu, server_cpu[16];

/* --- results ------------------------------------------------------------------------------ */

static void print_text(const char *text) {
    putchar('"');
    for (; *text; text++) {
        unsigned char letter = (unsigned char)*text;
        if (letter == '"' || letter == '\\') printf("\\%c", letter);
        else if (letter < 32 || letter > 126) putchar('?');
        else putchar(letter);
    }
    putchar('"');
}

static void print_times(const char *name, const Histogram *times) {
    printf(",\"%s\":{\"count\":%lu,\"p50\":%.0f,\"p95\":%.0f,\"p99\":%.0f}", name,
           (unsigned long)times->total, percentile(times, 0.5), percentile(times, 0.95),
           percentile(times, 0.99));
}

static void print_result(const char *error) {
    if (counts.measures) { /* it has failed meanwhile, so the sums are incomplete */
        own_cpu = 0;
        memset(server_cpu, 0, sizeof server_cpu);
    }
    printf("{\"event\":\"result\",\"ok\":%s,\"error\":", error ? "false" : "true");
    print_text(error ? error : "");
    printf(",\"seconds\":%.6f", (double)(counts.end - counts.begin) / SECOND);
    printf(",\"edits\":%lu,\"deliveries\":%lu", (unsigned long)counts.edits, (unsigned long)counts.deliveries);
    printf(",\"all_edits\":%lu,\"all_deliveries\":%lu", (unsigned long)counts.all_edits,
           (unsigned long)counts.all_deliveries);
    printf(",\"frames\":%lu", (unsigned long)counts.frames);
    printf(",\"own_cpu\":%.6f,\"server_cpu\":[", own_cpu);
    for (size_t at = 0; at < plan.pid_count; at++) printf("%s%.6f", at ? "," : "", server_cpu[at]);
    printf("]");
    print_times("latency", &counts.latencies);
    print_times("late", &counts.late);
    print_times("opening", &counts.opening);
    puts("}");
    fflush(stdout);
}

_Noreturn void fail(const char *format, ...) {
    char error[512];
    va_list values;
    va_start(values, format);
    vsnprintf(error, sizeof error, format, values);
    va_end(values);
    print_result(error);
    exit(0);
}

void *allocate(size_t count, size_t size) {
    void *found = calloc(count ? count : 1, size ? size : 1);
    if (found == NULL) fail("no memory");
    return found;
}

/* --- clocks ------------------------------------------------------------------------------- */

void read_clock(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Return the processor seconds of a process with its threads, as the kernel accounts them. */
static double cpu_of(int pid) {
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
    struct timespec time;
    if (pid && clock_getcpuclockid(pid, &clock)) fail("the process %d is gone", pid);
    if (clock_gettime(clock, &time)) fail("the process %d is gone", pid);
    return (double)time.tv_sec + (double)time.tv_nsec / SECOND;
}

static void begin_measuring(void) {
    for (size_t at = 0; at < plan.pid_count; at++) server_cpu[at] = -cpu_of(plan.pids[at]);
    own_cpu = -cpu_of(0);
    read_clock();
    counts.begin = counts.end = now;
    counts.measures = true;
}

static void end_measuring(void) {
    read_clock();
    counts.end = now;
    counts.measures = false;
    own_cpu += cpu_of(0);
    for (size_t at = 0; at < plan.pid_count; at++) server_cpu[at] += cpu_of(plan.pids[at]);
}

/* --- phases ------------------------------------------------------------------------------- */

static uint64_t after(double seconds) { return now + (uint64_t)(seconds * SECOND); }

static void ask_again(void) {
    for (size_t at = 0; at < plan.connection_count; at++) {
        Connection *connection = &plan.connections[at];
        bool asks = connection->state == SYNCING && connection->lane <= LANE_HOCUSPOCUS;
        if (asks && now >= connection->ask_again) ask_for_document(connection);
    }
}

/* Connect the clients that create documents, or the other ones, and wait until all are ready. */
static void connect_all(bool seeds, uint32_t at_once) {
    uint64_t deadline = after(TO_CONNECT), before = counts.opening.total, begun = 0, wanted = 0;
    for (size_t at = 0; at < plan.connection_count; at++) wanted += plan.connections[at].seeds == seeds;
    for (size_t next = 0; counts.opening.total - before < wanted;) {
        while (next < plan.connection_count && begun - (counts.opening.total - before) < at_once) {
            Connection *connection = &plan.connections[next++];
            if (connection->seeds != seeds) continue;
            connect_to_server(connection);
            begun++;
        }
        wait_for_events(after(0.02));
        ask_again();
        if (now > deadline)
            fail("only %lu of %lu clients could connect", (unsigned long)(counts.opening.total - before),
                 (unsigned long)wanted);
    }
}

static void tell(const char *event) {
    printf("{\"event\":\"%s\"}\n", event);
    fflush(stdout);
}

static void wait_for_line(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    while (poll(&input, 1, 0) == 0) wait_for_events(after(0.05));
    char letter;
    while (read(0, &letter, 1) == 1 && letter != '\n') {}
}

static bool is_exhausted(void) {
    if (plan.most_edits && counts.all_edits >= plan.most_edits) return true;
    for (size_t at = 0; at < plan.writer_count; at++)
        if (plan.writers[at].sent < plan.writers[at].stream->count) return false;
    return true;
}

/* Send edits for some seconds: at the rate of the plan, or so that a window of them is in flight. */
static void edit_for(double seconds) {
    static uint64_t begun = 0, edits = 0; /* warming up and measuring have one schedule */
    read_clock();
    if (!begun) begun = now;
    uint64_t until = after(seconds);
    while (now < until) {
        uint64_t next = until;
        bool is_blocked = false;
        if (plan.rate > 0) {
            uint64_t due;
            while ((due = begun + (uint64_t)((double)edits * SECOND / plan.rate)) <= now) {
                is_blocked = !send_next(due);
                if (is_blocked) break;
                edits++;
            }
            if (due > now && due < until) next = due;
        } else {
            while (counts.in_flight < plan.window && !is_blocked) is_blocked = !send_next(now);
        }
        if (is_blocked && is_exhausted()) return;
        wait_for_events(next);
    }
}

static void wait_for_deliveries(void) {
    uint64_t deadline = after(plan.drain), missing = 0;
    while (counts.in_flight && now < deadline) wait_for_events(after(0.05));
    if (!counts.in_flight) return;
    for (size_t at = 0; at < plan.writer_count; at++)
        for (uint32_t number = 0; number < plan.writers[at].sent; number++)
            missing += plan.writers[at].waiting[number];
    fail("%lu deliveries are missing after %.0f s", (unsigned long)missing, plan.drain);
}

/* Close all connections but those that keep the documents open, and connect again. */
static void connect_again(void) {
    for (size_t at = 0; at < plan.connection_count; at++)
        if (!plan.connections[at].seeds) close_connection(&plan.connections[at]);
    for (uint64_t until = after(0.5); now < until;) wait_for_events(until);
    memset(&counts.opening, 0, sizeof counts.opening);
    begin_measuring();
    connect_all(false, plan.storm_at_once);
    end_measuring();
}

/* Run before all other processes of the core, when the system allows it: a process of another user
 * could delay edits by milliseconds. The server has another core. */
static void take_priority(void) {
    struct sched_param wanted = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &wanted)) return;
}

int main(void) {
    take_priority();
    read_plan();
    prepare_writers();
    start_events();
    read_clock();
    connect_all(true, plan.at_once);
    connect_all(false, plan.at_once);
    tell("ready");
    if (plan.hold) wait_for_line();
    if (plan.writer_count && plan.measure > 0) {
        edit_for(plan.warm);
        begin_measuring();
        edit_for(plan.measure);
        end_measuring();
        wait_for_deliveries();
    }
    if (plan.storm) connect_again();
    print_result(NULL);
    return 0;
}
