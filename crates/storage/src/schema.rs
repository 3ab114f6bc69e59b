//! The tables, for diesel; `migrations/` makes them. Tables of the hot path that only the writer and
//! the log's reader touch are not all here: those speak SQL.

diesel::table! {
    channels (id) {
        id -> BigInt,
        tenant_id -> BigInt,
        kind -> Text,
        name -> Nullable<Text>,
        description -> Nullable<Text>,
        is_private -> Bool,
        archived_at -> Nullable<Timestamptz>,
        entity_type -> Nullable<Text>,
        entity_id -> Nullable<Text>,
        direct_low_user_id -> Nullable<BigInt>,
        direct_high_user_id -> Nullable<BigInt>,
        merged_into -> Nullable<BigInt>,
        metadata -> Nullable<Jsonb>,
        created_by -> BigInt,
        member_count -> Integer,
        last_seq -> BigInt,
        message_count -> BigInt,
        timeline_count -> BigInt,
        unread_count_base -> BigInt,
        last_message_id -> Nullable<BigInt>,
        last_message_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    channel_members (channel_id, user_id) {
        channel_id -> BigInt,
        user_id -> BigInt,
        tenant_id -> BigInt,
        role -> Text,
        status -> Text,
        joined_at -> Timestamptz,
        left_at -> Nullable<Timestamptz>,
        removed_by -> Nullable<BigInt>,
        last_read_seq -> BigInt,
        last_read_message_id -> Nullable<BigInt>,
        last_read_count -> BigInt,
        last_read_at -> Nullable<Timestamptz>,
        last_delivered_seq -> BigInt,
        last_delivered_at -> Nullable<Timestamptz>,
        is_muted -> Bool,
        is_pinned -> Bool,
        notification_level -> Text,
        left_silenced -> Bool,
        joined_seq -> BigInt,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        channel_id -> BigInt,
        seq -> BigInt,
        tenant_id -> BigInt,
        message_no -> BigInt,
        timeline_no -> BigInt,
        unread_no -> BigInt,
        sender_id -> BigInt,
        kind -> Text,
        content -> Nullable<Text>,
        parent_id -> Nullable<BigInt>,
        reply_no -> Nullable<BigInt>,
        thread_count -> Integer,
        newest_reply_no -> BigInt,
        last_reply_at -> Nullable<Timestamptz>,
        thread_participants -> Array<BigInt>,
        reactions -> Nullable<Jsonb>,
        mentions -> Array<BigInt>,
        mentions_everyone -> Nullable<Text>,
        metadata -> Nullable<Jsonb>,
        client_message_id -> Nullable<Uuid>,
        edited_at -> Nullable<Timestamptz>,
        deleted_at -> Nullable<Timestamptz>,
        deleted_by -> Nullable<BigInt>,
        created_at -> Timestamptz,
        fingerprint -> Nullable<Uuid>,
    }
}

diesel::table! {
    message_edits (message_id, version) {
        message_id -> BigInt,
        version -> BigInt,
        content -> Text,
        edited_at -> Timestamptz,
        edited_by -> BigInt,
    }
}

diesel::table! {
    thread_followers (message_id, user_id) {
        message_id -> BigInt,
        user_id -> BigInt,
        is_following -> Bool,
    }
}

diesel::table! {
    channel_events (channel_id, seq) {
        channel_id -> BigInt,
        seq -> BigInt,
        tenant_id -> BigInt,
        kind -> Text,
        actor_id -> BigInt,
        message_id -> Nullable<BigInt>,
        payload -> Nullable<Jsonb>,
        correlation_id -> Nullable<Text>,
        traceparent -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    users (tenant_id, user_id) {
        tenant_id -> BigInt,
        user_id -> BigInt,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        avatar_url -> Nullable<Text>,
        checked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    entities (tenant_id, entity_type, entity_id) {
        tenant_id -> BigInt,
        entity_type -> Text,
        entity_id -> Text,
        is_announced -> Bool,
        name -> Nullable<Text>,
        name_at_ms -> Nullable<BigInt>,
        name_event -> Nullable<Text>,
        status -> Nullable<Text>,
        status_at_ms -> Nullable<BigInt>,
        status_event -> Nullable<Text>,
        is_gone -> Nullable<Bool>,
        gone_at_ms -> Nullable<BigInt>,
        gone_event -> Nullable<Text>,
        waiting_members -> Array<BigInt>,
        waiting_owners -> Array<BigInt>,
        channel_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    entity_links (tenant_id, from_type, from_id, to_type, to_id) {
        tenant_id -> BigInt,
        from_type -> Text,
        from_id -> Text,
        to_type -> Text,
        to_id -> Text,
        at_ms -> BigInt,
        event -> Text,
    }
}

diesel::table! {
    channel_aliases (tenant_id, entity_type, entity_id) {
        tenant_id -> BigInt,
        entity_type -> Text,
        entity_id -> Text,
        channel_id -> BigInt,
    }
}

diesel::table! {
    inbox (source, event_id) {
        source -> Text,
        event_id -> Text,
        received_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    channels,
    channel_aliases,
    channel_members,
    messages,
    channel_events,
    users
);
