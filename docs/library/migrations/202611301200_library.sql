-- Books, members and loans.
create table everyone.books (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    title text not null check (length(title) between 1 and 300),
    author text check (length(author) between 1 and 200),
    isbn text check (length(isbn) between 10 and 17),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index books_created_idx on everyone.books (tenant_id, created_at, id);
create index books_title_idx on everyone.books (tenant_id, title collate "und-x-icu", id);
call house.tenant_table('books', event => 'book', search => '{title,author,isbn}');

create table everyone.members (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 200),
    email text,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index members_created_idx on everyone.members (tenant_id, created_at, id);
create index members_name_idx on everyone.members (tenant_id, name collate "und-x-icu", id);
call house.tenant_table('members', event => 'member', search => '{name,email}');

-- A book is lent once at a time.
create table everyone.loans (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    book_id uuid not null,
    member_id uuid not null,
    due_on date not null,
    returned_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint loans_book_id_fkey foreign key (tenant_id, book_id)
        references everyone.books (tenant_id, id),
    constraint loans_member_id_fkey foreign key (tenant_id, member_id)
        references everyone.members (tenant_id, id)
) partition by list (tenant_id);
create index loans_created_idx on everyone.loans (tenant_id, created_at, id);
create index loans_due_idx on everyone.loans (tenant_id, due_on, id);
create index loans_book_idx on everyone.loans (tenant_id, book_id, id);
create index loans_member_idx on everyone.loans (tenant_id, member_id, id);
create unique index loans_book_id_key on everyone.loans (tenant_id, book_id)
    where returned_at is null;
call house.tenant_table('loans', event => 'loan');
