-- What Discuss knows of people: names and addresses as their tokens last said them.
CREATE TABLE users (
    tenant_id  bigint NOT NULL,
    user_id    bigint NOT NULL,
    name       text,
    email      text,
    avatar_url text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id)
);
