/* room: the clients of one tenant, what they are told, and who is there. */
#include <stdlib.h>
#include <string.h>

#include "access/shared.h"
#include "base/clock.h"
#include "base/json.h"
#include "realtime.h"

enum { PEOPLE_SHOWN = 100 };

/* A page that is left and another that comes are not worth telling. */
static const int64_t grace_us = 4000000;

static const char presence_needs[] = "users.users:read";

static struct room *rooms;
static size_t room_count;

struct room *rooms_first(void)
{
    return rooms;
}

size_t rooms_count(void)
{
    return room_count;
}

struct room *room_find(const char *tenant_id)
{
    struct room *room = rooms;
    while (room && strcmp(room->tenant_id, tenant_id) != 0)
        room = room->next;
    return room;
}

struct room *room_enter(const char *tenant_id)
{
    struct room *room = room_find(tenant_id);
    if (room)
        return room;
    room = calloc(1, sizeof *room);
    if (!room)
        abort();
    memcpy(room->tenant_id, tenant_id, UUID_SIZE);
    room->generation = shared_generation(tenant_id);
    room->next = rooms;
    rooms = room;
    room_count++;
    reader_wake();
    return room;
}

static void free_person(struct person *person)
{
    free(person->name);
    free(person);
}

/* Nobody is in it. */
static void forget(struct room *room)
{
    room_count--;
    for (int i = 0; i < RING; i++)
        message_let_go(room->ring[i]);
    free(room);
}

/* ---- the ring ---- */

uint64_t room_start(const struct room *room)
{
    return room->end > RING ? room->end - RING : 0;
}

const struct message *room_message(const struct room *room, uint64_t place)
{
    return room->ring[place % RING];
}

/* Whoever had the next place to read in the one that is taken is too slow. */
static void put(struct room *room, struct message *message)
{
    struct message **slot = &room->ring[room->end % RING];
    if (*slot && (*slot)->seq > 0)
        room->covered = (*slot)->seq;
    if (message->seq > 0 && room->head == 0)
        room->covered = message->seq - 1;
    message_let_go(*slot);
    *slot = message;
    room->end++;
    if (message->seq > 0)
        room->head = message->seq;
}

static void offer(struct room *room, struct client *client, const struct message *message)
{
    if (!client->begun)
        return;
    if (client->place < room_start(room)) {
        client_dismiss(client, END_SLOW, "slow");
    } else if (client_sees(client, message)) {
        client_want_write(client);
    } else if (client->place == room->end - 1) {
        client->place = room->end;
        client->seen = message->seq > 0 ? message->seq : client->seen;
    }
}

void room_publish(struct room *room, struct message *message)
{
    if (message->seq > 0 && message->seq <= room->head) {
        message_let_go(message);
        return;
    }
    put(room, message);
    for (struct client *next, *it = room->clients; it; it = next) {
        next = it->next;
        if (message->of_teams && it->mates)
            client_dismiss(it, END_CHANGED, "changed");
        else
            offer(room, it, message);
    }
}

void room_open(struct room *room, int64_t head)
{
    room->ready = true;
    if (room->head < head)
        room->covered = room->head = head; /* there is nothing in the ring */
    for (struct client *next, *it = room->clients; it; it = next) {
        next = it->next;
        client_begin(it);
    }
}

/* ---- who is there ---- */

static struct person *person_find(const struct room *room, const char *id)
{
    struct person *it = room->people;
    while (it && strcmp(it->id, id) != 0)
        it = it->next;
    return it;
}

static void write_person(struct json *json, const struct person *person)
{
    json_open_object(json);
    json_pair(json, "id", person->id);
    json_pair(json, "name", person->name);
    json_close_object(json);
}

static void tell(struct room *room, const char *what, const struct person *person)
{
    struct buf text = {0};
    struct json json;
    json_start(&json, &text);
    json_open_object(&json);
    json_pair(&json, "type", "presence");
    json_key(&json, what);
    write_person(&json, person);
    json_close_object(&json);
    room_publish(room, message_plain(CHANNEL_PRESENCE, presence_needs, text.data));
    buf_free(&text);
}

void room_write_people(const struct room *room, struct json *json)
{
    size_t count = 0;
    json_open_array(json);
    for (const struct person *it = room ? room->people : NULL; it && count < PEOPLE_SHOWN;
         it = it->next, count++)
        write_person(json, it);
    json_close_array(json);
}

static void tell_people(struct room *room, struct client *client)
{
    struct buf text = {0};
    struct json json;
    if (!(client->channels & CHANNEL_PRESENCE) ||
        !permissions_allow(&client->permissions, presence_needs))
        return;
    json_start(&json, &text);
    json_open_object(&json);
    json_pair(&json, "type", "presence");
    json_key(&json, "online");
    room_write_people(room, &json);
    json_close_object(&json);
    client_tell(client, -1, text.data);
    buf_free(&text);
}

void room_join(struct room *room, struct client *client)
{
    struct person *person = person_find(room, client->user_id);
    bool is_new = !person;
    if (is_new) {
        person = calloc(1, sizeof *person);
        if (!person)
            abort();
        memcpy(person->id, client->user_id, UUID_SIZE);
        person->name = strdup(client->name);
        person->next = room->people;
        room->people = person;
    }
    person->clients++;
    tell_people(room, client);
    if (is_new)
        tell(room, "joined", person);
}

void room_part(struct room *room, struct client *client)
{
    struct person *person = person_find(room, client->user_id);
    if (person && --person->clients == 0)
        person->left_us = clock_monotonic_us();
}

static void sweep_people(struct room *room, int64_t now_us)
{
    for (struct person **link = &room->people; *link;) {
        struct person *person = *link;
        if (person->clients > 0 || now_us - person->left_us < grace_us) {
            link = &person->next;
            continue;
        }
        *link = person->next;
        tell(room, "left", person);
        free_person(person);
    }
}

/* What a tenant may do has changed, perhaps that it may be used at all: its
 * clients come again and go on where they were. */
static void sweep(struct room *room, int64_t wall_us, int64_t now_us)
{
    uint32_t generation = shared_generation(room->tenant_id);
    bool changed = generation != room->generation;
    room->generation = generation;
    for (struct client *next, *it = room->clients; it; it = next) {
        next = it->next;
        if (changed)
            client_dismiss(it, END_CHANGED, "changed");
        else
            client_sweep(it, wall_us, now_us);
    }
    sweep_people(room, now_us);
}

void rooms_sweep(void)
{
    int64_t wall_us = clock_now_us(), now_us = clock_monotonic_us();
    for (struct room **link = &rooms; *link;) {
        struct room *room = *link;
        sweep(room, wall_us, now_us);
        if (!room->clients && !room->people) {
            *link = room->next;
            forget(room);
        } else {
            link = &room->next;
        }
    }
}
