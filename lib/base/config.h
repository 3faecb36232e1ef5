/* config: everything that is set from outside, as one table of environment
 * variables. Each has a name, a default and a sentence; `tulou config` and the
 * README's table print it. A variable X may also be given as X_FILE, the path
 * of a file with the value (for secrets).
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* name, kind, default, sentence; kinds: TEXT, INT, SECRET (never printed) */
#define CONFIG_TABLE(X)                                                                            \
    X(PORT, INT, "8080", "Port of the front door (nginx).")                                        \
    X(TULOU_ADDRESS, TEXT, "127.0.0.1", "Address nginx listens on.")                               \
    X(TULOU_VAR, TEXT, "var", "Folder of all state: cluster, files, sockets, logs.")               \
    X(TULOU_SHARE, TEXT, "build/share", "Folder of what is only read: templates, static files.")   \
    X(DATABASE_URL, SECRET, "", "PostgreSQL of the owner role; empty: an embedded cluster.")       \
    X(TULOU_DOMAIN, TEXT, "localhost", "Base domain: tenants live at SLUG.domain.")                \
    X(TULOU_PUBLIC_URL, TEXT, "", "Public base address, if not http://DOMAIN:PORT.")               \
    X(TULOU_SECRET_KEY, SECRET, "",                                                                \
      "Root of all keys, 32 bytes in hex; empty: made in TULOU_VAR.")                              \
    X(TULOU_USER, TEXT, "tulou", "Account of the areas when started as root.")                     \
    X(TULOU_LOG_LEVEL, TEXT, "info", "debug, info, warn or error.")                                \
    X(TULOU_WORKERS, INT, "1", "Worker processes of an area that sets no number itself.")          \
    X(TULOU_DB_CONNECTIONS, INT, "2",                                                              \
      "Shared pipelined connections of a worker; more to a far server.")                           \
    X(TULOU_DB_POOL, INT, "4", "Connections of a worker for transactions, at most.")               \
    X(TULOU_JOBS, INT, "10", "Jobs that a process of the worker runs at once.")                    \
    X(TULOU_JOBS_SLACK, INT, "30", "Seconds that a job stays a worker's after its time is up.")    \
    X(TULOU_DEADLINE_MS, INT, "30000", "Time that a request may take.")                            \
    X(TULOU_ACCESS_MINUTES, INT, "15", "Life of an access token.")                                 \
    X(TULOU_SESSION_DAYS, INT, "7", "Life of a session without use.")                              \
    X(TULOU_FIRST_PASSWORD_DAYS, INT, "7",                                                         \
      "Days that a password works which somebody else chose and which must be changed.")           \
    X(TULOU_RATE_API, INT, "6000", "API requests a minute for a user, key or address; 0: none.")   \
    X(TULOU_RATE_TENANT, INT, "60000", "API requests a minute for a tenant; 0: none.")             \
    X(TULOU_RATE_AUTH, INT, "60", "Sign-in requests a minute for an address; 0: none.")            \
    X(TULOU_STREAMS_USER, INT, "20", "Realtime streams at once for a user or key; 0: no limit.")   \
    X(TULOU_STREAMS_ADDRESS, INT, "400", "Realtime streams at once for an address; 0: no limit.")  \
    X(TULOU_TRUSTED_PROXIES, TEXT, "", "Proxies before nginx, whose X-Forwarded-For counts.")      \
    X(TULOU_METRICS_TOKEN, SECRET, "", "Bearer token that may read /metrics from elsewhere.")      \
    X(TULOU_CA_FILE, TEXT, "",                                                                     \
      "Certificate authorities (PEM) of the servers we call; empty: the system's.")                \
    X(TULOU_ALLOW_PRIVATE, TEXT, "",                                                               \
      "1: addresses that tenants give may lead into the own network; for tests.")                  \
    X(TULOU_DNS, TEXT, "",                                                                         \
      "DNS servers that are asked about tenants' domains, ADDRESS:PORT,…; empty: the system's.")   \
    X(TULOU_SMTP_URL, TEXT, "",                                                                    \
      "Mail server, smtp://HOST:PORT/OWN-NAME or smtps://; empty: "                                \
      "mail is written to TULOU_VAR/mail.")                                                        \
    X(TULOU_SMTP_USER, TEXT, "", "User at the mail server.")                                       \
    X(TULOU_SMTP_PASSWORD, SECRET, "", "Its password.")                                            \
    X(TULOU_SMTP_TLS, TEXT, "", "yes or no: STARTTLS is required; empty: yes, but to loopback.")   \
    X(TULOU_SMTP_SECONDS, INT, "90",                                                               \
      "Seconds that the mail server may take for a message, 1 to 110.")                            \
    X(TULOU_MAIL_FROM, TEXT, "", "Address that mail comes from; empty: no-reply@DOMAIN.")          \
    X(TULOU_STORAGE, TEXT, "local",                                                                \
      "Where new files of tenants go: local (TULOU_VAR/tenants) or s3.")                           \
    X(TULOU_S3_URL, TEXT, "",                                                                      \
      "Bucket at a server that speaks S3, https://HOST/BUCKET or https://BUCKET.HOST.")            \
    X(TULOU_S3_REGION, TEXT, "us-east-1", "Its region, which signatures name.")                    \
    X(TULOU_S3_KEY_ID, TEXT, "", "Access key there.")                                              \
    X(TULOU_S3_SECRET, SECRET, "", "Its secret.")

#define CONFIG_ENUM(name, kind, initial, sentence) CONFIG_##name,
enum config_key { CONFIG_TABLE(CONFIG_ENUM) CONFIG_COUNT };
#undef CONFIG_ENUM

/* Reads the environment once, before anything else; on a value that cannot be
 * (a letter in a number, a _FILE that is unreadable or holds NUL) returns false with one line that
 * says which and why in *problem (static memory). */
bool config_load(const char **problem);

const char *config_text(enum config_key key); /* never NULL; valid for the process's life */
int64_t config_int(enum config_key key);

/* The table as aligned text or as Markdown; secrets show only whether set. */
void config_print(FILE *out, bool markdown);

#endif
